"""What of a run is held against what of its baseline, where they do not have the same names."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.tasks import GroupKey, Task
from benchfleet_results.series import Failure, Samples, Series

from benchfleet.exceptions import UsageError
from benchfleet.results.bounds import cut

ANY = "any"
Name = Callable[[str], str]


@dataclass(frozen=True)
class Match:
    """`variants` holds old name → new name. `any_variant`: each benchmark has one variant on a side, whatever its name."""

    any_variant: bool = False
    variants: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, words: Sequence[str]) -> "Match":
        """`variant=any` or `variant=OLD:NEW`. Raises UsageError."""
        any_variant, variants = False, list[tuple[str, str]]()
        for word in words:
            what, _, value = word.partition("=")
            old, colon, new = value.partition(":")
            if what == "variant" and value == ANY:
                any_variant = True
            elif what == "variant" and colon and old and new:
                variants.append((old, new))
            else:
                raise UsageError(f"--match is {word!r}, must be variant=any or variant=OLD:NEW")
        return cls(any_variant, tuple(variants))

    def of(self, new: Sequence[Task], old: Sequence[Task]) -> tuple[list[Task], list[Task]]:
        """Tasks of a run and of its baseline, with the names to compare by. Raises UsageError if two would become one."""
        renamed = dict(self.variants)
        now, before = list(new), _all_renamed("the baseline", old, lambda name: renamed.get(name, name))
        if not self.any_variant:
            return now, before
        return _all_renamed("the run", now, lambda _: ANY), _all_renamed("the baseline", before, lambda _: ANY)


def _all_renamed(side: str, tasks: Sequence[Task], name: Name) -> list[Task]:
    """Raises UsageError if two variants would get one name: their samples would be those of neither."""
    _require_one(side, tasks, name)
    return [_renamed(task, name) for task in tasks]


def _renamed(task: Task, name: Name) -> Task:
    samples = tuple(_sample(one, name) for one in task.samples)
    failures = tuple(Failure(one.benchmark, name(one.variant), one.reason) for one in task.failures)
    return replace(task, samples=samples, failures=failures)


def _sample(one: Samples, name: Name) -> Samples:
    return one._replace(series=one.series._replace(variant=name(one.series.variant)))


def _require_one(side: str, tasks: Sequence[Task], name: Name) -> None:
    variants: dict[tuple[GroupKey, Series], set[str]] = defaultdict(set)
    for task in tasks:
        for one in task.samples:
            variants[task.group, _sample(one, name).series].add(one.series.variant)
    for (group, series), names in variants.items():
        if len(names) > 1:
            raise UsageError(
                f"--match: {side} has {' and '.join(sorted(map(cut, names)))} of {cut(series.benchmark)} on "
                f"{cut(identity(*group[:3]))}, which would become one; name each with --match variant=OLD:NEW"
            )
