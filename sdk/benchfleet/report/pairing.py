"""Which repeats of a run measured all of its subjects together. Claims do not promise it, so it is counted and told."""

from collections.abc import Iterator, Sequence

from benchfleet_results.boards import together
from benchfleet_results.boards.dimensions import machine
from benchfleet_results.boards.tasks import Task

from benchfleet.report.dataset import Run
from benchfleet.report.model import Turns
from benchfleet.results.bounds import cut

_IN_TURNS = frozenset({"interleaved", "abba"})


def taken(runs: Sequence[Run], tasks: Sequence[Task]) -> list[Turns]:
    """Of each run and machine that measured several subjects."""
    orders = {run.run_id: _order(run) for run in runs}
    return [_told(one, orders.get(one.run_id)) for one in together.turns(tasks)]


def _order(run: Run) -> str | None:
    found = run.about.get("order")
    return cut(found) if isinstance(found, str) else None


def _told(found: together.Turns, order: str | None) -> Turns:
    provider, name = found.machine
    return Turns(
        run_id=found.run_id,
        provider=provider,
        name=name,
        order=order,
        complete=len(found.repeats),
        together=found.count("together"),
        other_instance=found.count("other_instance"),
        long_apart=found.count("long_apart"),
        left_out=len(found.left_out),
    )


def apart(found: Sequence[Turns]) -> Iterator[str]:
    """How many repeats did not keep together what was meant to take turns, or what could be compared without them."""
    several = len({one.run_id for one in found}) > 1
    for one in found:
        if one.left_out or (one.order in _IN_TURNS and one.together < one.complete):
            yield _sentence(one, several=several)


def _sentence(one: Turns, *, several: bool) -> str:
    run = f" (run {one.run_id})" if several else ""
    counted = f"{one.together} of {one.complete} repeats measured all subjects together, {_why(one)}"
    return f"{machine(one.provider, one.name)}{run}: {counted}. {_so(one)}"


def _why(one: Turns) -> str:
    places = f"{one.other_instance} not on one known instance" if one.other_instance else ""
    times = f"{one.long_apart} with a long wait in between" if one.long_apart else ""
    return " and ".join(filter(None, (places, times)))


def _so(one: Turns) -> str:
    if one.left_out:
        return f"The other{'s are' if one.left_out > 1 else ' is'} left out where subjects are compared."
    widens = "What differs between instances makes the intervals of differences wider. " if one.other_instance else ""
    moves = "What changed meanwhile is part of the differences. " if one.long_apart else ""
    return (
        f"Those are too few to be compared alone. {widens}{moves}One runner for each instance type keeps repeats together "
        "(per_instance_type.instances: 1)."
    )
