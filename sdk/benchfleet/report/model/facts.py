"""What was read: runs, groups of tasks, and what of them is missing or differs."""

from typing import Any, Literal

from benchfleet_contract.runs import RunPrecision
from benchfleet_results.boards.model import Group, Part
from pydantic import Field


class SubjectFacts(Part):
    """One of the things that a run compares, as its tasks had it."""

    name: str
    image: str | None
    options: dict[str, str] = Field(description="option → JSON; what differs from the run's workload options")


class RunFacts(Part):
    run_id: str
    role: Literal["measured", "baseline"]
    status: str | None
    reason: str | None
    workload: str | None
    workload_options: dict[str, Any]
    subjects: list[SubjectFacts]
    ruby_version: str | None
    created_at: str | None
    started_at: str | None = Field(description="when the first task started")
    ended_at: str | None = Field(description="when the last task ended")
    tasks: int
    without_result: int
    not_needed: int = Field(default=0, description="tasks that a run with a target precision did without; in no count")
    precision: RunPrecision | None = Field(default=None, description="of a run with a target precision")


class SeldomThere(Part):
    subject: str
    results: int
    left_out: int = Field(description="of them: not measured together with what else is there of their repeat")


class Turns(Part):
    """Of one run and machine whose subjects took turns: which of its repeats measured all of them together."""

    run_id: str
    provider: str
    name: str
    order: str | None = Field(description="of the run's tasks; null where it is not recorded")
    noise_floor: str | None = Field(
        default=None, description="where this is of a noise floor: the second name of what was measured twice"
    )
    subjects: list[str] = Field(description="by which repeats are judged: all but those of `seldom`")
    complete: int = Field(description="repeats in which each of `subjects` has a result")
    together: int = Field(description="of them: on one known instance, and one subject soon after the other")
    other_instance: int = Field(description="of them: not on one known instance")
    long_apart: int = Field(
        description="on one, but for more than a minute, and for longer than measuring took, none was measured"
    )
    incomplete: int = Field(description="repeats in which some of `subjects` have a result, and others have none")
    left_out: int = Field(
        description="not together, and in no comparison of subjects: half of all, and two, are enough to compare; without those "
        "that are incomplete, where the others are pairs enough (four, or of two instances). Else 0"
    )
    benchmarks_left_out: int = Field(
        description="results of single benchmarks in the other repeats, that others of `subjects` lack there: in no comparison, "
        "where the rest of that benchmark is pairs enough"
    )
    seldom: list[SeldomThere] = Field(
        description="subjects that were measured with the others too seldom to be paired: those are, and these are compared by "
        "what they have"
    )

    @property
    def repeats(self) -> int:
        return self.complete + self.incomplete


class GroupFacts(Group):
    role: Literal["measured", "baseline"]
    instance_types: list[str]
    tasks: int
    executions: int = Field(description="repeats with a result; the tasks that did parts of one count once")
    outcomes: dict[str, int] = Field(description="outcome → tasks; only what occurs")
    hosts: int | None = Field(description="instances that the tasks with results ran on; null if not recorded")
    slots_at_work: float | None = Field(
        default=None,
        description="tasks that an instance had at a time, this one included: the mean over tasks of the most that each "
        "saw; null if not recorded",
    )
    hours: float | None = Field(
        default=None,
        description="of an instance, that its tasks took: each from start to end, divided by slots at work",
    )
    environment: dict[str, str] = Field(description="fact → value; several values are joined with ` or `")


class TaskProblem(Group):
    run_id: str
    task: str
    outcome: str
    reason: str | None


class BenchmarkProblem(Group):
    run_id: str
    task: str
    benchmark: str
    variant: str
    reason: str


class Difference(Part):
    """`level`: `note` where machines or subjects are bound to differ, `warning` where they should not."""

    name: str
    level: Literal["note", "warning"]
    among: Literal["groups", "tasks of a group", "runs"]
    values: dict[str, list[str]] = Field(description="value → who has it; `not recorded` where metadata says nothing")


class Filters(Part):
    providers: list[str]
    names: list[str]
    subjects: list[str]
    benchmarks: list[str]
