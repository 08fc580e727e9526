"""`benchfleet emulator --json`, and its ready file."""

from benchfleet.cli.documents.base import Document


class EmulatorKeys(Document):
    """API keys, one a role."""

    admin: str
    runner: str
    reader: str


class EmulatorReady(Document):
    """Where everything is, once it answers. The AWS credentials are the emulator's own."""

    api_url: str
    aws_endpoint_url: str
    region: str
    table: str
    bucket: str
    keys: EmulatorKeys
    pid: int
    finalize_queue: str
    aws_access_key_id: str
    aws_secret_access_key: str
