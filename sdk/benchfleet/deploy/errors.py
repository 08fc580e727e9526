"""How a deploy ends that could not be finished: what is wrong, what helps, and what is there now."""

from benchfleet import exit_codes
from benchfleet.exceptions import BenchfleetError

NOTHING = "nothing was changed"


class DeployError(BenchfleetError):
    """`problem` and `remedy` are sentences without a full stop; `left` is added by the driver, which knows what was done."""

    def __init__(self, problem: str, *, remedy: str, exit_code: int = exit_codes.INFRASTRUCTURE) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.left = NOTHING
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.problem}. Remedy: {self.remedy}. Left behind: {self.left}."
