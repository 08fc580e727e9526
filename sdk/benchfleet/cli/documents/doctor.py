"""`benchfleet doctor --json`."""

from benchfleet.cli.documents.base import Document
from benchfleet.doctor.check import Outcome


class CheckSeen(Document):
    name: str
    outcome: Outcome
    found: str
    remedy: str


class Examined(Document):
    """`ok` is True if nothing failed; warnings do not count."""

    ok: bool
    checks: list[CheckSeen]
