"""Repeats that measured their subjects together: on one instance, and one soon after the other.

What the machine does meanwhile is then in all of them alike. Claims do not promise it: several runners share the tasks, or
one dies, and another measures the rest later. Then what differs between two instances, or from one hour to the next, is in the
difference of the subjects. A repeat that lost a result is no pair either, and one such repeat would make pairs of none.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, NamedTuple

from benchfleet_results.boards.apart import apart
from benchfleet_results.boards.dimensions import By
from benchfleet_results.boards.tasks import HAS_RESULTS, GroupKey, Task
from benchfleet_results.series import Series
from benchfleet_results.statistics.sample import PAIRED_INSTANCES, PAIRS

_FEWEST = 2  # repeats, or results of a subject, that can be compared
Kind = Literal["together", "incomplete", "other_instance", "long_apart"]
Subject = str | None


class Repeat(NamedTuple):
    """Of a run on a machine: a provider, and an alias or else an instance type. A machine that the run lists twice has each
    repeat twice: `copy` is which.
    """

    run_id: str
    machine: tuple[str, str]
    number: int | None
    copy: int


Measured = Mapping[Repeat, Sequence[Task]]


@dataclass(frozen=True)
class Turns:
    """Of one run and machine: what became of the repeats of `subjects`, in which at least one of them has a result.

    `seldom` are subjects that are with those too seldom, or never, with the number of their results. `out` is what no
    comparison of subjects has, and `lone` what of the rest: benchmarks that not all of them measured in that repeat.
    """

    run_id: str
    machine: tuple[str, str]
    subjects: tuple[Subject, ...]
    repeats: Mapping[Repeat, Kind]
    seldom: Mapping[Subject, int]
    out: frozenset[tuple[Repeat, Subject]]
    lone: frozenset[tuple[Repeat, Subject, Series]] = frozenset()

    def count(self, kind: Kind) -> int:
        return sum(found == kind for found in self.repeats.values())

    @property
    def left_out(self) -> int:
        """How many repeats of `subjects`."""
        return len({repeat for repeat, subject in self.out if subject in self.subjects})

    def left_out_of(self, subject: Subject) -> int:
        """How many results."""
        return sum(whose == subject for _, whose in self.out)


def turns(tasks: Iterable[Task]) -> list[Turns]:
    """Of each run and machine that measured several subjects, if there is anything to pair or to leave out."""
    found: dict[tuple[str, tuple[str, str]], dict[Repeat, list[Task]]] = defaultdict(lambda: defaultdict(list))
    results: dict[tuple[str, tuple[str, str]], Counter[Subject]] = defaultdict(Counter)
    for repeat, task in _by_repeat(tasks):
        here = task.outcome in HAS_RESULTS
        results[repeat[:2]][task.subject] += here
        if here and task.repeat is not None:
            found[repeat[:2]][repeat].append(task)
    every = (_with_failed(_taken(*where, repeats), results[where]) for where, repeats in found.items())
    return [one for one in every if len(one.subjects) > 1 and (one.out or set(one.repeats.values()) != {"incomplete"})]


def _with_failed(found: Turns, results: Mapping[Subject, int]) -> Turns:
    """And those that have no result at all, also none of a repeat that nobody numbered."""
    return replace(found, seldom={**found.seldom, **{name: 0 for name, count in results.items() if not count}})


def compared(tasks: Sequence[Task], by: By) -> Sequence[Task]:
    """What subjects are compared by: their tasks, without what is left out."""
    found = turns(tasks) if "subject" in by else []
    out = frozenset().union(*(one.out for one in found))
    lone = frozenset().union(*(one.lone for one in found))
    if not out and not lone:
        return tasks
    kept = ((repeat, task) for repeat, task in _by_repeat(tasks) if (repeat, task.subject) not in out)
    return [_without(lone, repeat, task) if lone else task for repeat, task in kept]


def _without(lone: frozenset[tuple[Repeat, Subject, Series]], repeat: Repeat, task: Task) -> Task:
    return replace(task, samples=tuple(one for one in task.samples if (repeat, task.subject, one.series) not in lone))


def _by_repeat(tasks: Iterable[Task]) -> Iterator[tuple[Repeat, Task]]:
    """No repeat has a part of a subject twice."""
    seen: Counter[tuple[str, GroupKey, int | None, str | None]] = Counter()
    for task in tasks:
        mine = task.run_id, task.group, task.repeat, task.part
        yield Repeat(task.run_id, task.group[:2], task.repeat, seen[mine]), task
        seen[mine] += 1


def _taken(run_id: str, machine: tuple[str, str], found: Measured) -> Turns:
    results = _results(found)
    names = tuple(name for name, _ in results.most_common())
    usual, kinds = _paired(names, found)
    if not usual:
        return Turns(run_id, machine, names, _kinds(found, names), {}, _apart_of(results, found))
    pairs = {(repeat, name) for repeat, kind in kinds.items() if kind != "together" for name in usual}
    seldom = {name: results[name] for name in names[len(usual) :]}
    together = {repeat: found[repeat] for repeat, kind in kinds.items() if kind == "together"}
    out = frozenset(pairs) | _apart_of(seldom, found)
    return Turns(run_id, machine, usual, kinds, seldom, out, frozenset(_lone(together, usual)))


def _paired(names: tuple[Subject, ...], found: Measured) -> tuple[tuple[Subject, ...], dict[Repeat, Kind]]:
    """As many subjects as have pairs enough, and their repeats; those with the fewest results are the first to be none of
    them. One that often fails would else leave too few repeats to the others.
    """
    for size in range(len(names), 1, -1):
        kinds = _kinds(found, names[:size])
        if _are_enough(kinds, found, names[:size]):
            return names[:size], kinds
        if "incomplete" not in kinds.values():
            break
    return (), {}


def _results(found: Measured) -> Counter[Subject]:
    """In how many repeats each subject has a result."""
    return Counter(chain.from_iterable({task.subject: None for task in tasks} for tasks in found.values()))


def _are_enough(kinds: Mapping[Repeat, Kind], found: Measured, subjects: Sequence[Subject]) -> bool:
    """Are those that were together to be compared alone? Leaving out those that lost a result only costs where the others are
    too few to be paired.
    """
    together = [repeat for repeat, kind in kinds.items() if kind == "together"]
    lost = "incomplete" in kinds.values()
    return _enough(len(together), len(kinds)) and (not lost or _are_pairs(together, found, subjects))


def _are_pairs(repeats: Sequence[Repeat], found: Measured, subjects: Sequence[Subject]) -> bool:
    """Parts of a split execution have instances of their own: two parts on one each are no two instances of any benchmark."""
    places: dict[str | None, set[str | None]] = defaultdict(set)
    for task in (task for repeat in repeats for task in found[repeat] if task.subject in subjects):
        places[task.part].add(task.host)
    return len(repeats) >= PAIRS or all(len(hosts) >= PAIRED_INSTANCES for hosts in places.values())


def _enough(kept: int, of: int) -> bool:
    return kept >= max(_FEWEST, of / 2)


def _lone(found: Measured, subjects: Sequence[Subject]) -> Iterator[tuple[Repeat, Subject, Series]]:
    """A task that lost one benchmark is for that one what a repeat that lost a task is for all."""
    for series, have in _by_series(found, subjects).items():
        everyone = frozenset().union(*have.values())
        whole = [repeat for repeat, mine in have.items() if mine == everyone]
        if len(whole) < len(have) and _enough(len(whole), len(found)) and _are_pairs(whole, found, subjects):
            yield from ((repeat, name, series) for repeat, mine in have.items() if mine != everyone for name in mine)


def _by_series(found: Measured, subjects: Sequence[Subject]) -> Mapping[Series, Mapping[Repeat, set[Subject]]]:
    have: dict[Series, dict[Repeat, set[Subject]]] = defaultdict(lambda: defaultdict(set))
    for repeat, tasks in found.items():
        for task in (task for task in tasks if task.subject in subjects):
            for one in (one for one in task.samples if one.values):
                have[one.series][repeat].add(task.subject)
    return have


def _kinds(found: Measured, subjects: Sequence[Subject]) -> dict[Repeat, Kind]:
    wanted = set(subjects)
    mine = {repeat: [task for task in tasks if task.subject in wanted] for repeat, tasks in found.items()}
    return {repeat: _kind(tasks, wanted) for repeat, tasks in mine.items() if tasks}


def _kind(tasks: Sequence[Task], subjects: set[Subject]) -> Kind:
    parts: dict[str | None, set[Subject]] = defaultdict(set)
    for task in tasks:
        parts[task.part].add(task.subject)
    if any(there != subjects for there in parts.values()):
        return "incomplete"
    return apart(tasks) or "together"


def _apart_of(results: Mapping[Subject, int], found: Measured) -> frozenset[tuple[Repeat, Subject]]:
    """What was not together with what is there of its repeat; nothing if one of these subjects had too little left."""
    repeats = [repeat for repeat, tasks in found.items() if results and apart(tasks)]
    out = {(repeat, task.subject) for repeat in repeats for task in found[repeat] if task.subject in results}
    fewer = Counter(subject for _, subject in out)
    enough = all(_enough(have - fewer[name], have) for name, have in results.items() if fewer[name])
    return frozenset(out if enough else ())
