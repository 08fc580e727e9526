"""`benchfleet executor --json`: its one line, once it is announced."""

from benchfleet.cli.documents.base import Document


class ExecutorAnnounced(Document):
    """`healthz` is the URL of its health endpoint."""

    executor_id: str
    generation: int
    models: int
    healthz: str
