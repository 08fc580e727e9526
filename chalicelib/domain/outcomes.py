"""How a claim ends."""

from dataclasses import dataclass

from chalicelib.domain.records import Header, Task


@dataclass(frozen=True)
class Assigned:
    """A task for the runner that asked. `header` is that of the task's demand."""

    task: Task
    header: Header


@dataclass(frozen=True)
class Wait:
    """Nothing now; ask again in `seconds`."""

    seconds: int
    message: str | None = None


@dataclass(frozen=True)
class Done:
    """Nothing will come. `misplaced`: the run has no task for what this runner is."""

    message: str | None = None
    misplaced: bool = False


Outcome = Assigned | Wait | Done
