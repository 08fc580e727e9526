"""`benchfleet runs delete --json`."""

from benchfleet.cli.documents.base import Document


class RunKept(Document):
    """A run that was not deleted. `code` is the API's word: `run_not_found`, `run_not_over`."""

    run_id: str
    code: str
    reason: str


class RunsDeleted(Document):
    """`deleted` are gone with archive and uploads. Both lists are in the order that was asked for."""

    deleted: list[str]
    refused: list[RunKept]
