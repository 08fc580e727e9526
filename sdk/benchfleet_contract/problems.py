"""How a refusal looks on the wire."""

from typing import Any

from benchfleet_contract.document import Document

CODES_HEADER = "Benchfleet-Codes"  # "1": the caller knows our statuses where they differ from the reference system's


class Problem(Document):
    """One thing wrong with a document."""

    field: str  # where, as a path: `aws[0].instance_type`
    value: Any = None  # what was there
    message: str
    remedy: str


class ErrorReply(Document):
    """`error` keeps the reference system's words; `code` is for programs, `problems` for people with a document to mend."""

    error: str | list[str]
    code: str
    problems: list[Problem] = []
