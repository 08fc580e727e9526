"""Made-up runs whose truth is known: what the report says of them can be counted.

A sample's logarithm is the sum of the truth of its group, of its instance, of its task and of itself. The spreads are those
of a cloud's shared machines: 3 % between instances, 1 % between tasks of one, 0.5 % between samples.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any, Literal, NamedTuple

from benchfleet.report.dataset import Dataset, Run
from benchfleet_results.boards.tasks import Task
from benchfleet_results.series import Samples, Series

Shape = Literal["normal", "heavy-tailed", "bimodal", "bimodal samples"]
INSTANCES, TASKS, SAMPLES = 0.03, 0.01, 0.005  # standard deviations of logs
SAMPLES_A_TASK = 3
SLOWER = 0.04  # the slow mode of bimodal data (log)
LATE, TASK_S = 20, 10  # tasks later, of so many seconds


@dataclass(frozen=True)
class Scenario:
    """`tasks` of each group, on `instances` of its machine type. `effects`: by how much each group is slower (log).

    `shared`: the groups are subjects that take turns on the same instances; else machine types with instances of their own.
    `drift`: how much slower each task is than the one before it (log). `missing`: the share of tasks that lack a benchmark.
    `slow`: the share of tasks (or of samples) in the slow mode of bimodal data. `abba`: groups in turns, as `order: abba` has
    them; else in random order, and every second repeat as the one before it, the other way round (`order: interleaved`).
    `split`: the share of tasks that another runner takes, on any instance. `late`: the share of repeats in which the
    runner of the last group dies, and another measures it `LATE` tasks later. `lost`: the share of the last group's results that
    are lost. `fails`: the share of repeats in which it ends its runner and has no result: what comes behind it in the repeat is
    measured `LATE` tasks later, on an instance that is none of the others. `parts`: tasks that share the benchmarks of a repeat.
    `pauses`: the share of repeats that are broken off somewhere, and go on `LATE` tasks later.
    """

    tasks: int
    instances: int = 1
    benchmarks: int = 1
    shape: Shape = "normal"
    effects: tuple[float, ...] = (0.0, 0.0)
    shared: bool = False
    drift: float = 0.0
    missing: float = 0.0
    slow: float = 0.3
    abba: bool = False
    split: float = 0.0
    late: float = 0.0
    lost: float = 0.0
    fails: float = 0.0
    parts: int = 1
    pauses: float = 0.0

    @property
    def tests(self) -> int:
        """How many comparisons there are on the board: the overall mean of one benchmark is no second one."""
        pairs = len(self.effects) * (len(self.effects) - 1) // 2
        return pairs if self.benchmarks == 1 else pairs * (self.benchmarks + 1)

    @property
    def name(self) -> str:
        parts = [
            f"{self.tasks} tasks on {self.instances} instance{'s' * (self.instances != 1)}",
            f"{self.benchmarks} benchmark{'s' * (self.benchmarks != 1)}",
            f"{len(self.effects)} {'subjects' if self.shared else 'machines'}",
            *([] if self.shape == "normal" else [self.shape]),
            *([f"{self.slow:.0%} slow"] if self.shape.startswith("bimodal") else []),
            *([f"{self.parts} parts"] if self.parts > 1 else []),
            *([f"{self.drift:.0%} drift a task"] if self.drift else []),
            *(["abba"] if self.abba else []),
            *([f"{self.missing:.0%} missing"] if self.missing else []),
            *([f"{self.split:.0%} anywhere"] if self.split else []),
            *([f"{self.late:.0%} late"] if self.late else []),
            *([f"{self.lost:.0%} lost"] if self.lost else []),
            *([f"{self.fails:.0%} fail"] if self.fails else []),
            *([f"{self.pauses:.0%} broken off"] if self.pauses else []),
        ]
        return ", ".join(parts)


class Turn(NamedTuple):
    """A task of the plan. `part` counts from 0."""

    repeat: int
    group: str
    effect: float
    part: int


class Moment(NamedTuple):
    """Where and when a task was measured. `at` is its number, `place` the number of an instance, `when` counts tasks."""

    at: int
    place: int
    when: int


@dataclass(frozen=True)
class Simulated:
    """`truth`: group → benchmark → log of what an infinite number of repeats would give, on what its interval is about:

    all instances of the type where there are several, else the one instance that there is. `one_mode`: groups of bimodal
    data of which all tasks were in the same mode, so that nothing tells of the other.
    """

    dataset: Dataset
    truth: Mapping[str, Mapping[str, float]]
    one_mode: frozenset[str]


def simulate(scenario: Scenario, chance: random.Random) -> Simulated:
    groups = [chr(ord("a") + number) for number in range(len(scenario.effects))]
    names = [f"b{number:02d}" for number in range(scenario.benchmarks)]
    draw = _shapes(chance)[scenario.shape]
    seen: dict[str, set[bool]] = {group: set() for group in groups}
    machines = {group: "m" if scenario.shared else group for group in groups}
    places = {
        (machine, place): chance.gauss(0, INSTANCES) if scenario.instances > 1 else 0.0
        for machine in dict.fromkeys(machines.values())
        for place in range(scenario.instances)
    }
    if scenario.fails:
        places["m", scenario.instances] = chance.gauss(0, INSTANCES)
    tasks = []
    for turn, (at, place, when) in _measured(scenario, groups, chance):
        group, machine = turn.group, machines[turn.group]
        slow = scenario.shape == "bimodal" and chance.random() < scenario.slow
        seen[group].add(slow)
        level = turn.effect + places[machine, place] + draw() + when * scenario.drift
        mine = names[turn.part :: scenario.parts]
        kept = [name for name in mine if chance.random() >= scenario.missing] or mine[:1]
        samples = tuple(_samples(name, level + slow * SLOWER, scenario, chance) for name in kept)
        part = f"{turn.part + 1}/{scenario.parts}" if scenario.parts > 1 else None
        about = {"host": f"{machine}-{place}", "repeat": turn.repeat, "number": at, "part": part}
        tasks.append(_task(scenario, group, samples, when=when, **about))
    truth = {
        group: dict.fromkeys(names, effect + mean_of(scenario))
        for group, effect in zip(groups, scenario.effects, strict=True)
    }
    one_mode = frozenset(group for group in groups if scenario.shape == "bimodal" and len(seen[group]) == 1)
    return Simulated(Dataset((Run("r", Path("r"), {}),), tuple(tasks)), truth, one_mode)


def _measured(scenario: Scenario, groups: list[str], chance: random.Random) -> Iterator[tuple[Turn, Moment]]:
    """What becomes of the plan: lost results are not among it."""
    failed: set[int] = set()  # repeats
    late: dict[int, int] = {}  # repeat -> from which of its tasks on
    size = len(groups) * scenario.parts
    for at, turn in enumerate(_order(scenario, groups, chance)):
        last = turn.group == groups[-1]
        if scenario.pauses and at % size == 0 and chance.random() < scenario.pauses:
            late[turn.repeat] = at + chance.randrange(1, size)
        if last and _happens(scenario.fails, chance):
            failed.add(turn.repeat)
        elif not (last and _happens(scenario.lost, chance)):
            place, when = _where_and_when(scenario, turn.repeat, at, chance, last=last)
            if turn.repeat in failed:
                place, when = scenario.instances, when + LATE
            yield turn, Moment(at, place, when + LATE * (at >= late.get(turn.repeat, at + 1)))


def _happens(share: float, chance: random.Random) -> bool:
    return share > 0 and chance.random() < share


def _where_and_when(scenario: Scenario, repeat: int, at: int, chance: random.Random, *, last: bool) -> tuple[int, int]:
    """The instance, and the turn, of what is the `at`-th task of the plan."""
    elsewhere = _happens(scenario.split, chance)
    place = chance.randrange(scenario.instances) if elsewhere else repeat % scenario.instances
    return place, at + LATE * (last and _happens(scenario.late, chance))


def _order(scenario: Scenario, groups: list[str], chance: random.Random) -> Iterator[Turn]:
    """Repeat by repeat, as the plan of a run has it (`chalicelib/domain/plan.py`)."""
    effects = zip(groups, scenario.effects, strict=True)
    turns = [(group, effect, part) for group, effect in effects for part in range(scenario.parts)]
    for repeat in range(scenario.tasks):
        if repeat % 2:
            turns = turns[::-1]
        elif scenario.abba:
            turns.sort()
        else:
            chance.shuffle(turns)
        for group, effect, part in turns:
            yield Turn(repeat, group, effect, part)


def task_means(scenario: Scenario, chance: random.Random) -> list[list[float]]:
    """Of each group the logarithms of what its tasks measured of one benchmark, on one instance and without a drift."""
    draw, modes = _shapes(chance)[scenario.shape], scenario.shape == "bimodal"

    def mean(effect: float) -> float:
        slow = modes and chance.random() < scenario.slow
        return math.log(fmean(_values(effect + draw() + slow * SLOWER, scenario, chance)))

    return [[mean(effect) for _ in range(scenario.tasks)] for effect in scenario.effects]


def _samples(name: str, level: float, scenario: Scenario, chance: random.Random) -> Samples:
    return Samples(Series("mock", name, "default", "time", "s", "lower"), _values(level, scenario, chance))


def _values(level: float, scenario: Scenario, chance: random.Random) -> tuple[float, ...]:
    of_samples = scenario.shape == "bimodal samples"
    return tuple(
        math.exp(level + chance.gauss(0, SAMPLES) + (of_samples and chance.random() < scenario.slow) * SLOWER)
        for _ in range(SAMPLES_A_TASK)
    )


def _task(scenario: Scenario, group: str, samples: tuple[Samples, ...], *, when: int, **about: Any) -> Task:
    """`about`: host, repeat, number and part."""
    start = datetime(2026, 11, 29, tzinfo=UTC) + timedelta(seconds=TASK_S * when)
    return Task(
        run_id="r",
        folder=f"{group}-{about['number']}",
        provider="sim",
        instance_type=about["host"].partition("-")[0],
        alias=None,
        outcome="measured",
        reason=None,
        samples=samples,
        subject=group if scenario.shared else None,
        started_at=start.isoformat(),
        ended_at=(start + timedelta(seconds=TASK_S)).isoformat(),
        **about,
    )


def _shapes(chance: random.Random) -> Mapping[Shape, Callable[[], float]]:
    """What differs from task to task, each with a standard deviation of about `TASKS`."""

    def heavy() -> float:
        """Student's t with three degrees of freedom, scaled to that deviation."""
        return chance.gauss(0, 1) / math.sqrt(chance.gammavariate(1.5, 2) / 3) * TASKS / math.sqrt(3)

    def normal() -> float:
        return chance.gauss(0, TASKS)

    def bimodal() -> float:
        """Within a mode."""
        return chance.gauss(0, TASKS / 2)

    return {"normal": normal, "heavy-tailed": heavy, "bimodal": bimodal, "bimodal samples": normal}


def mean_of(scenario: Scenario) -> float:
    """Of the logarithms of what a group's tasks measure, without its effect: the truth that an interval should hold."""
    if scenario.shape == "bimodal":
        return scenario.slow * SLOWER
    if scenario.shape != "bimodal samples":
        return 0.0
    size, slow = SAMPLES_A_TASK, scenario.slow  # a task is the plain mean of its samples, so its logarithm is of that
    return math.fsum(
        math.comb(size, k) * slow**k * (1 - slow) ** (size - k) * math.log1p(k / size * math.expm1(SLOWER))
        for k in range(size + 1)
    )
