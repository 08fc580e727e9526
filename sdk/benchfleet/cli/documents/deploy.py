"""What `benchfleet deploy --json` tells."""

from typing import Literal

from benchfleet.cli.documents.base import Document


class ResourceChange(Document):
    """`stack` names the stack, or is null for a function. `details` are words."""

    stack: str | None
    action: Literal["add", "modify", "update", "remove", "import", "dynamic"]
    name: str
    kind: str
    replaces: bool
    details: list[str]


class SmokeTest(Document):
    run_id: str
    seconds: float


class Deployed(Document):
    """No key is in it. `changes` only with `--plan`, and then everything below it is null or empty.

    `profile` is null where this machine has no key of the control plane, `smoke_test` where there was none, `image` where
    machines have none. `architectures` are those that this command has seen to: `amd64`, `arm64`.
    """

    stage: str
    region: str
    also_regions: list[str]
    account: str
    changes: list[ResourceChange] | None
    api_url: str | None
    dashboard_url: str | None
    bucket: str | None
    image: str | None
    architectures: list[str]
    keys_made: bool
    profile: str | None
    profile_file: str | None
    smoke_test: SmokeTest | None
