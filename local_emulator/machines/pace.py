"""How fast the emulated cloud is: tests need not wait for minutes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """`minute_s`: seconds that a minute of the cloud takes, of a shutdown's delay or a spot notice. `grace_s`: from SIGTERM
    to SIGKILL, when a machine ends."""

    minute_s: float = 60.0
    grace_s: float = 10.0

    def minutes(self, count: float) -> float:
        """In seconds."""
        return count * self.minute_s
