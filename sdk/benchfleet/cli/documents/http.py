"""What `benchfleet http …` prints with `--json`."""

from benchfleet_contract.http_results import HttpResult

from benchfleet.cli.documents.base import Document


class HttpMeasured(Document):
    """Each start of a server, in the order in which they were measured."""

    folder: str
    results: list[HttpResult]


class HttpDetected(Document):
    """`framework` or `error`, never both."""

    folder: str
    framework: str | None
    why: list[str]
    error: str | None
