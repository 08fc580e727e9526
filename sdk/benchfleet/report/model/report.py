"""The whole document."""

from typing import Literal

from benchfleet_results.boards.dimensions import Dimension
from benchfleet_results.boards.model import Part
from pydantic import Field

from benchfleet.report.model.answer import Answer
from benchfleet.report.model.board import Board
from benchfleet.report.model.comparison import Moment, RunComparison
from benchfleet.report.model.factors import FactorTable
from benchfleet.report.model.facts import (
    BenchmarkProblem,
    Difference,
    Filters,
    GroupFacts,
    RunFacts,
    TaskProblem,
    Turns,
)
from benchfleet.report.model.history import History
from benchfleet.report.model.load import LoadCurve
from benchfleet.report.model.money import MachineCost
from benchfleet.report.model.noise_floor import NoiseFloor
from benchfleet.report.model.quality import Quality


class Report(Part):
    """Schema: docs/report.schema.json."""

    schema_version: Literal[1] = 1
    generator: str
    runs: list[RunFacts]
    filters: Filters
    by: list[Dimension] = Field(description="what the boards compare; the rest keeps boards apart")
    answers: list[Answer] = Field(default=[], description="what is fastest, and best for its price")
    money: str | None = Field(default=None, description="what prices were taken, and what the run cost, in sentences")
    warnings: list[str]
    names: dict[str, str] = Field(default={}, description="what names of variants mean, as their workload says")
    groups: list[GroupFacts]
    boards: list[Board]
    variants: list[Board] = Field(
        description="variants against each other, on each machine and subject, where `boards` compare something else; "
        "only rankings"
    )
    factors: list[FactorTable] = Field(default=[], description="variants, and subjects, against the first of them")
    costs: list[MachineCost] = Field(default=[], description="of machines that have a price")
    comparison: RunComparison | None
    timeline: list[Moment] = Field(
        default=[], description="tasks of the runs and their baseline in order of time; empty without a baseline"
    )
    history: History | None = Field(default=None, description="of `--history`; the rest is then of its newest run")
    load: list[LoadCurve] = Field(
        default=[],
        description="latency against load, where both saturation and latencies at fractions of it were measured",
    )
    noise_floor: list[NoiseFloor] = Field(
        default=[], description="of runs that measured one subject twice: what differs where nothing does"
    )
    turns: list[Turns] = Field(default=[], description="of runs with several subjects")
    differences: list[Difference]
    task_problems: list[TaskProblem]
    benchmark_problems: list[BenchmarkProblem]
    quality: Quality = Quality()

    @property
    def measured(self) -> bool:
        return bool(self.boards)
