"""`benchfleet runs list --json`."""

from benchfleet_contract.runs import RunListItem

from benchfleet.cli.documents.base import Document


class RunsList(Document):
    """The newest first. `more` says that there are others that `--limit` left out."""

    runs: list[RunListItem]
    more: bool
