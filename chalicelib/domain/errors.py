"""What can be refused, and how it is called.

Refusal
├── Unauthorized            401
├── Forbidden               403   the key's role may not do this
├── InvalidRunner           403   the task belongs to another runner
├── NotFound                404
├── BadRequest              400
│   └── InvalidRun          400   the problems of a `POST /runs` body, all of them
├── TooLarge                413
├── Conflict                409
│   ├── RunExists           400   the id is taken by another body; 409 for a client that asks for our codes
│   ├── RunNotOver          409   it still runs, or its archive is being built
│   ├── LeaseLost           409   the caller's lease went to somebody else, or ran out
│   ├── TaskFinished        409   the task has ended otherwise
│   └── TaskCancelled       409   its run was stopped
├── Gone                    410
├── RunNotRunning           422
├── TooOften                429   try again after `retry_after_s`
└── Unavailable             503   try again after `retry_after_s`

The numbers are chosen in `chalicelib/api/endpoint.py`; they stand here only for the reader.
"""

from typing import Any

from benchfleet_contract.problems import Problem


class Refusal(Exception):
    """A request that is answered with a reason. `code` is for programs and never changes; `words` are for people."""

    code = "refused"
    retry_after_s: int | None = None

    def more(self) -> dict[str, Any]:
        """What a response says beside words and code; here may also stand another code."""
        return {}

    def __init__(
        self, words: str | list[str], *, code: str | None = None, problems: list[Problem] | None = None
    ) -> None:
        super().__init__(words)
        self.words = words
        self.problems = problems or []
        if code:
            self.code = code


class Unauthorized(Refusal):
    code = "unauthorized"

    def __init__(self) -> None:
        super().__init__("Unauthorized")


class Forbidden(Refusal):
    code = "forbidden"


class InvalidRunner(Refusal):
    code = "invalid_runner"

    def __init__(self) -> None:
        super().__init__("Invalid runner_id")


class NotFound(Refusal):
    code = "not_found"


class RunNotFound(NotFound):
    code = "run_not_found"

    def __init__(self) -> None:
        super().__init__("Run not found")


class SummaryNotFound(NotFound):
    code = "summary_not_found"


class TaskNotFound(NotFound):
    code = "task_not_found"

    def __init__(self) -> None:
        super().__init__("Task not found")


class LaunchNotFound(NotFound):
    code = "launch_not_found"

    def __init__(self) -> None:
        super().__init__("Launch not found")


class ScheduleNotFound(NotFound):
    code = "schedule_not_found"

    def __init__(self) -> None:
        super().__init__("Schedule not found")


class BadRequest(Refusal):
    code = "bad_request"


class InvalidRun(BadRequest):
    code = "invalid_run"


class InvalidSchedule(BadRequest):
    code = "invalid_schedule"


class TooLarge(Refusal):
    code = "too_large"


class Conflict(Refusal):
    code = "conflict"


class RunExists(Conflict):
    code = "run_exists"

    def __init__(self) -> None:
        super().__init__(["External has already been taken"])


class ScheduleExists(Conflict):
    code = "schedule_exists"


class TooManySchedules(Conflict):
    code = "too_many_schedules"


class RunNotOver(Conflict):
    code = "run_not_over"


class LeaseLost(Conflict):
    code = "lease_lost"


class TaskFinished(Conflict):
    code = "task_finished"


class TaskCancelled(Conflict):
    code = "task_cancelled"


class Gone(Refusal):
    code = "gone"


class TooOften(Refusal):
    code = "too_often"

    def __init__(self, words: str, *, retry_after_s: int) -> None:
        super().__init__(words)
        self.retry_after_s = retry_after_s


class RunNotRunning(Refusal):
    code = "run_not_running"

    def __init__(self) -> None:
        super().__init__("Run is not running")


class Unavailable(Refusal):
    """Not now: `retry_after_s` seconds later perhaps."""

    code = "unavailable"

    def __init__(self, words: str, *, retry_after_s: int = 2, code: str | None = None) -> None:
        super().__init__(words, code=code)
        self.retry_after_s = retry_after_s
