"""Whether a slot can work at all: a broken one must not eat the tasks that others could finish."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from benchfleet_contract import limits

from runner_image.control.slots import SlotBroken
from runner_image.task.metadata import Failure

MOST_IN_A_ROW = 3
FIRST_REST_S, MOST_REST_S = 5.0, 60.0
# What lies with this machine, whatever was asked of it. A config that no machine can serve must not empty a fleet.
OWN_FAULTS = frozenset({"runner_error", "isolation_failed", "upload_failed"})


@dataclass
class Health:
    """One slot's failures in a row that are its own. Anything else that ends, well or not, starts the count anew."""

    most: int = MOST_IN_A_ROW
    in_a_row: int = 0
    reason: str = ""

    def failed(self, failure: Failure) -> Failure:
        """Counts the failure; returns what is to be told of it: with the last one, that the slot leaves."""
        if failure.error_type not in OWN_FAULTS:
            self.fine()
            return failure
        self.in_a_row, self.reason = self.in_a_row + 1, failure.message
        if self.in_a_row < self.most:
            return failure
        words = f"this slot leaves after {self.in_a_row} failures in a row by the runner's own fault: {failure.message}"
        return replace(failure, message=words[: limits.MAX_ERROR_CHARS])

    def fine(self) -> None:
        self.in_a_row, self.reason = 0, ""

    def rest(self, sleep: Callable[[float], None]) -> None:
        """Between two tasks: a pause that grows with the failures. Raises SlotBroken when they were too many."""
        if self.in_a_row >= self.most:
            raise SlotBroken(
                f"{self.in_a_row} tasks in a row failed by this runner's own fault, the last: {self.reason}"
            )
        if self.in_a_row:
            sleep(min(MOST_REST_S, FIRST_REST_S * 2.0 ** (self.in_a_row - 1)))
