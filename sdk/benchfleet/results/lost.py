"""Accepted results that a run's archive does not hold: told wherever the run is, and never exit code 0."""

from pathlib import Path

from benchfleet_contract.runs import Archive
from pydantic import BaseModel, ValidationError

from benchfleet.results import bounds
from benchfleet.results.files import Unreadable, read_object

_NAMED = 3


class Totals(BaseModel):
    """Uploads of a run by what became of them: of `manifest.json`."""

    files: int = 0
    corrupt: int = 0
    missing: int = 0

    @property
    def words(self) -> str:
        """`1 whole, 3 corrupt`"""
        counts = {"whole": self.files, "corrupt": self.corrupt, "missing": self.missing}
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count or name == "whole")


def lost_words(archive: Archive) -> str:
    """What is not in the archive; empty if everything is, or if nobody counted."""
    if not (archive.corrupt or archive.missing):
        return ""
    totals = Totals(files=archive.whole or 0, corrupt=archive.corrupt or 0, missing=archive.missing or 0)
    named = [f"{one.task_id} ({one.archived}: {one.reason})" for one in archive.lost[:_NAMED]]
    more = totals.corrupt + totals.missing - len(named)
    rest = f" and {more} more" if named and more > 0 else ""
    return f"the archive holds {totals.words} results: {', '.join(named)}{rest}".removesuffix(": ")


def totals_of(folder: Path) -> Totals | None:
    """Those of an unpacked archive; None where its manifest does not tell."""
    try:
        document = read_object(folder / "manifest.json", most=bounds.MAX_MANIFEST_BYTES) or {}
        return Totals.model_validate(document["totals"])
    except (Unreadable, KeyError, ValidationError):
        return None
