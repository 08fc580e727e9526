"""What the streams of one load have seen."""

from array import array
from collections import Counter
from dataclasses import dataclass, field

ERRORS = ("connect", "refused", "read", "timeout")


@dataclass
class Record:
    """Seconds. `first`: from the time when a stream was due to its first message; `late`: from the time when a message was due
    to its arrival; `lag`: by how much ours left late. `received`: messages of any kind; `wrong`: of these, other ones than
    expected.
    """

    first: "array[float]" = field(default_factory=lambda: array("d"))
    late: "array[float]" = field(default_factory=lambda: array("d"))
    lag: "array[float]" = field(default_factory=lambda: array("d"))
    established: int = 0
    received: int = 0
    wrong: int = 0
    last: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)

    def came(self, *, right: bool, number: int, due: float, at: float) -> None:
        """One message. The first of a stream carries its opening."""
        self.received, self.last = self.received + 1, max(self.last, at)
        if right:
            (self.late if number else self.first).append(at - due)
        else:
            self.wrong += 1
