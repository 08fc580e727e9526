"""What a format is to the others: a name, a look, and a way to read it."""

from collections.abc import Callable
from dataclasses import dataclass

from benchfleet_results.formats.found import Found
from benchfleet_results.formats.source import Source


@dataclass(frozen=True)
class Reader:
    """`looks_like` never raises. `read` fills the Found; it raises FormatError if the file as a whole is no such one.

    An odd value within one benchmark is told by `Found.item` and costs that benchmark only.
    """

    name: str
    looks_like: Callable[[Source], bool]
    read: Callable[[Source, Found], None]
