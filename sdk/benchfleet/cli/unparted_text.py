"""Numbers that stay beside their units in the terminal.

Rich breaks lines at no-break spaces, too. So something that it takes for a letter stands there until the lines are broken.
"""

from collections.abc import Iterable, Iterator

from rich.segment import Segment
from rich.text import Text

from benchfleet.report.unparted import unparted

_HELD = "\ue000"  # of a range that is nobody's: as wide as a blank, and in no name that is printed


def held(text: Text) -> Text:
    copy = text.copy()
    copy.plain = unparted(text.plain, _HELD)
    return copy


def held_words(text: str) -> str:
    return unparted(text, _HELD)


def released(drawn: Iterable[Segment]) -> Iterator[Segment]:
    """With blanks, as they are copied and searched for."""
    return (Segment(each.text.replace(_HELD, " "), each.style, each.control) for each in drawn)
