"""The plan of a run: all of its tasks in the order of their numbers, made from the request and from nothing else.

This is the only place that knows how instances, repeats, subjects and shards become tasks. The same request gives the same
plan, so whoever asks for a run again is told of the same tasks.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

from benchfleet_contract.limits import MAX_PLAN_BYTES
from benchfleet_contract.run_options import options_of
from benchfleet_contract.runs import Instance, RunRequest, Subject
from benchfleet_contract.states import Order

from chalicelib.domain.blocks import blocks_of
from chalicelib.domain.records import Demand, Group

SHARED_OPTIONS_BYTES = 2 * 1024  # one set of options of up to this size is read with every claim, beside the candidates


class PlanTooLarge(ValueError):
    """The different options of all tasks have more than MAX_PLAN_BYTES."""


@dataclass(frozen=True)
class TaskSpec:
    """One task. `repeat` counts from 1 within an instance, a subject and a part. `options` is the number of its set."""

    demand: Demand
    alias: str | None
    subject: str | None
    image: str | None
    part: str | None
    repeat: int
    group: int
    options: int


@dataclass(frozen=True)
class Piece:
    """What is done once in each repeat on each instance: a part of a subject's work."""

    subject: str | None
    image: str | None
    part: str | None
    options: int


@dataclass(frozen=True)
class Plan:
    """`option_sets`: the different options that tasks have, as JSON. `seed` makes the order of an interleaved run.

    `mirrored`: its even repeats are the odd ones before them, the other way round. Not so in runs that are older than this.
    """

    instances: tuple[Instance, ...]
    repeats: int
    pieces: tuple[Piece, ...]
    order: Order
    seed: str
    groups: tuple[Group, ...]
    option_sets: tuple[bytes, ...]
    model: str | None = None
    mirrored: bool = True

    @property
    def task_count(self) -> int:
        return len(self.instances) * self.repeats * len(self.pieces)

    @property
    def is_shared(self) -> bool:
        """Have all tasks the same options, and small ones?"""
        return len(self.option_sets) == 1 and len(self.option_sets[0]) <= SHARED_OPTIONS_BYTES

    @property
    def document(self) -> bytes:
        """Every set of options, one a line."""
        return b"".join(options + b"\n" for options in self.option_sets)

    def places(self) -> list[str]:
        """Where each set of options is in the document: `<offset>:<length>`."""
        offsets = accumulate((len(options) + 1 for options in self.option_sets), initial=0)
        return [f"{offset}:{len(options)}" for offset, options in zip(offsets, self.option_sets, strict=False)]

    def specs(self) -> Iterator[TaskSpec]:
        """Instances as listed; of each, repeat by repeat (by chance and back, or there and back), or subject by subject."""
        ordinals = {(group.demand, group.subject): i for i, group in enumerate(self.groups)}
        for position, instance in enumerate(self.instances):
            demand = _demand(instance, self.model)
            for repeat, piece in self._row(position):
                yield TaskSpec(
                    demand, instance.alias, piece.subject, piece.image, piece.part, repeat,
                    ordinals[demand, piece.subject], piece.options,
                )  # fmt: skip

    def _row(self, position: int) -> Iterator[tuple[int, Piece]]:
        """The tasks of one instance: (repeat, piece)."""
        repeats = range(1, self.repeats + 1)
        if self.order == "interleaved":
            return ((n, piece) for n in repeats for piece in self._by_chance(position, n))
        if self.order == "abba":
            return ((n, piece) for n in repeats for piece in self._there_and_back(n))
        subjects = [list(pieces) for _, pieces in groupby(self.pieces, key=lambda piece: piece.subject)]
        return ((n, piece) for pieces in subjects for n in repeats for piece in pieces)

    def _by_chance(self, position: int, repeat: int) -> list[Piece]:
        """BA AB AB BA: a drift cancels out of each two repeats, and no pattern of the machine's own is ever met in step."""
        back = self.mirrored and repeat % 2 == 0
        return self._shuffled(f"{self.seed}/{position}/{repeat - back}")[:: -1 if back else 1]

    def _there_and_back(self, repeat: int) -> tuple[Piece, ...]:
        """AB BA AB BA: over two repeats each piece has the same mean place, so a linear drift cancels out."""
        return self.pieces if repeat % 2 else self.pieces[::-1]

    def _shuffled(self, seed: str) -> list[Piece]:
        """By a hash, which is the same in every version of Python."""
        drawn = [(_drawn(f"{seed}/{i}"), piece) for i, piece in enumerate(self.pieces)] if len(self.pieces) > 1 else []
        return [piece for _, piece in sorted(drawn, key=lambda each: each[0])] or list(self.pieces)


class _OptionSets:
    """Numbers the different sets of options from 0, as JSON: a line of the document each."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}
        self._size_bytes = 0

    def number_of(self, options: Mapping[str, Any]) -> int:
        """Raises PlanTooLarge as soon as it is: a body of 1 MiB can ask for options of a gigabyte."""
        line = json.dumps(options).encode()
        if line not in self.numbers:
            self._size_bytes += len(line) + 1
            if self._size_bytes > MAX_PLAN_BYTES:
                raise PlanTooLarge
            self.numbers[line] = len(self.numbers)
        return self.numbers[line]


def plan_of(request: RunRequest, *, seed: str) -> Plan:
    """`seed`: any text that is the same for the same request. Raises CannotSplit where the work makes no such shards,
    and PlanTooLarge.

    Kinds of work are imported here: a control plane that only starts needs none.
    """
    from benchfleet_contract.workloads.kinds import plan as parts_of

    sets = _OptionSets()
    pieces: list[Piece] = []
    subjects: list[Subject | None] = [*request.subjects] or [None]
    for subject in subjects:
        for part in parts_of(request.workload, options_of(request, subject), request.shards):
            image = subject.image if subject else None
            pieces.append(Piece(_name(subject), image, part.label, sets.number_of(part.options)))
    return Plan(
        tuple(request.instances), request.tasks_per_instance, tuple(pieces), request.order, seed,
        _groups(request, subjects, each=len(pieces) // len(subjects)), tuple(sets.numbers), _model(request),
    )  # fmt: skip


def _groups(request: RunRequest, subjects: list[Subject | None], *, each: int) -> tuple[Group, ...]:
    """`each`: the pieces of one subject. A demand that is listed twice has the tasks of both instances."""
    tasks = request.tasks_per_instance * each
    instances: dict[Demand, int] = {}
    blocks: dict[Demand, set[int]] = {}
    for position, instance in enumerate(request.instances):
        demand, before = _demand(instance, _model(request)), position * tasks * len(subjects)
        instances[demand] = instances.get(demand, 0) + 1
        blocks.setdefault(demand, set()).update(blocks_of(before + 1, before + tasks * len(subjects)))
    return tuple(
        Group(demand, count * tasks, tuple(sorted(blocks[demand])), _name(subject))
        for demand, count in instances.items()
        for subject in subjects
    )


def _name(subject: Subject | None) -> str | None:
    return subject.name if subject else None


def _model(request: RunRequest) -> str | None:
    return request.model.model_id if request.model else None


def _demand(instance: Instance, model: str | None) -> Demand:
    return Demand(instance.provider, instance.instance_type, model)


def _drawn(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
