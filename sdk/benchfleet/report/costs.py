"""Machine time: how long the tasks kept instances at work, and what that cost."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean

from benchfleet_contract.clocks import took_s
from benchfleet_results.boards.tasks import Task

from benchfleet.report.model.facts import GroupFacts
from benchfleet.report.model.money import MachineCost
from benchfleet.report.prices import Kind, PriceTable
from benchfleet.report.value import Machine, prices_of

_HOUR_S = 3600.0


def slots_at_work(tasks: Iterable[Task]) -> float | None:
    """The mean over tasks; None if any of them did not record it: what the others did says nothing of that one."""
    found = [task.busy_slots for task in tasks]
    return fmean(known) if (known := [one for one in found if one]) and len(known) == len(found) else None


def hours(task: Task) -> float | None:
    """Of an instance: a task among others is charged its part. None where its times are missing or wrong."""
    seconds = None if task.clock else took_s(task.started_at, task.ended_at)
    return None if seconds is None or seconds < 0 else seconds / _HOUR_S / (task.busy_slots or 1)


def total(tasks: Iterable[Task]) -> float | None:
    """None where no task has a time."""
    known = [found for task in tasks if (found := hours(task)) is not None]
    return sum(known) if known else None


def machine_costs(tasks: Sequence[Task], groups: Sequence[GroupFacts], prices: PriceTable) -> list[MachineCost]:
    """Of all tasks that ran, whatever became of them: those that failed cost as much."""
    return [cost for kind in prices.kinds for cost in _of_kind(tasks, groups, prices, kind)]


def _of_kind(
    tasks: Sequence[Task], groups: Sequence[GroupFacts], prices: PriceTable, kind: Kind
) -> Iterator[MachineCost]:
    by_machine: dict[Machine, list[Task]] = {}
    for task in tasks:
        by_machine.setdefault(task.group[:2], []).append(task)
    for (provider, name), price in prices_of(groups, prices, kind).items():
        mine = by_machine.get((provider, name), [])
        spent = total(mine)
        if price and spent is not None:
            yield MachineCost(
                provider=provider,
                name=name,
                kind=kind,
                usd_per_hour=price.usd_per_hour,
                source=price.source,
                date=price.date,
                hours=spent,
                usd=spent * price.usd_per_hour,
                tasks=len(mine),
                not_timed=sum(hours(task) is None for task in mine),
            )
