"""Which repeats of a run measured all of its subjects together. Claims do not promise it, so it is counted and told."""

from collections.abc import Iterator, Mapping, Sequence

from benchfleet_results.boards import together
from benchfleet_results.boards.dimensions import NO_SUBJECT, machine
from benchfleet_results.boards.tasks import Task

from benchfleet.report.answer_words import listed
from benchfleet.report.dataset import Run
from benchfleet.report.model.facts import SeldomThere, Turns
from benchfleet.report.noise_floor import Twice
from benchfleet.results.bounds import cut

_IN_TURNS = frozenset({"interleaved", "abba"})


def taken(runs: Sequence[Run], tasks: Sequence[Task]) -> list[Turns]:
    """Of each run and machine that measured several subjects."""
    return list(_taken(runs, tasks, None))


def taken_twice(runs: Sequence[Run], both: Mapping[Twice, Sequence[Task]]) -> list[Turns]:
    """Of what was measured twice for a noise floor: its repeats are judged by these two, and not by what else is compared."""
    return [one for names, tasks in both.items() for one in _taken(runs, tasks, names)]


def _taken(runs: Sequence[Run], tasks: Sequence[Task], names: Twice | None) -> Iterator[Turns]:
    orders = {run.run_id: _order(run) for run in runs}
    for one in together.turns(tasks):
        yield _told(one, orders.get(one.run_id), names)


def _order(run: Run) -> str | None:
    found = run.about.get("order")
    return cut(found) if isinstance(found, str) else None


def _told(found: together.Turns, order: str | None, names: Twice | None) -> Turns:
    provider, name = found.machine
    incomplete = found.count("incomplete")
    return Turns(
        run_id=found.run_id,
        provider=provider,
        name=name,
        order=order,
        noise_floor=names.again if names else None,
        subjects=list(names or map(_label, found.subjects)),
        complete=len(found.repeats) - incomplete,
        incomplete=incomplete,
        together=found.count("together"),
        other_instance=found.count("other_instance"),
        long_apart=found.count("long_apart"),
        left_out=found.left_out,
        benchmarks_left_out=len(found.lone),
        seldom=[
            SeldomThere(subject=_label(subject), results=results, left_out=found.left_out_of(subject))
            for subject, results in found.seldom.items()
        ],
    )


def _label(subject: str | None) -> str:
    return subject or NO_SUBJECT


def apart(found: Sequence[Turns]) -> Iterator[str]:
    """How many repeats did not keep together what was meant to take turns, or what could be compared without them."""
    several = len({one.run_id for one in found}) > 1
    for one in found:
        out = one.left_out or one.benchmarks_left_out or any(rare.left_out for rare in one.seldom)
        if out or (one.order in _IN_TURNS and (any(rare.results for rare in one.seldom) or one.together < one.repeats)):
            yield _sentence(one, several=several)


def _sentence(one: Turns, *, several: bool) -> str:
    run = f" (run {one.run_id})" if several else ""
    floor = ", noise floor" if one.noise_floor else ""
    counted = f"{one.together} of {one.repeats} repeats measured {_whom(one)} together{_why(one)}"
    where = f"{machine(one.provider, one.name)}{run}{floor}"
    return " ".join(filter(None, (f"{where}: {counted}.", _so(one), _lone(one), *map(_rare, one.seldom))))


def _whom(one: Turns) -> str:
    if one.noise_floor:
        return f"{one.subjects[0]} both times"
    return listed(one.subjects) if one.seldom else "all subjects"


def _why(one: Turns) -> str:
    lost = f"{one.incomplete} lacking a result" if one.incomplete else ""
    places = f"{one.other_instance} not on one known instance" if one.other_instance else ""
    times = f"{one.long_apart} with a long wait in between" if one.long_apart else ""
    told = " and ".join(filter(None, (", ".join(filter(None, (lost, places))), times)))
    return f", {told}" if told else ""


def _so(one: Turns) -> str:
    others = one.repeats - one.together
    if others == one.left_out:
        return _out(one, f"The other{'s are' if others > 1 else ' is'}") if others else ""
    some = f"{one.left_out} of the others {'are' if one.left_out > 1 else 'is'}"
    few = _out(one, some) if one.left_out else "Those are too few to be compared alone."
    return " ".join(filter(None, (few, *_what_it_does(one))))


def _out(one: Turns, which: str) -> str:
    return f"{which} left out {'of the noise floor' if one.noise_floor else 'where subjects are compared'}."


def _what_it_does(one: Turns) -> Iterator[str]:
    """That some repeats were not together, and yet are compared."""
    if one.incomplete:
        yield "So subjects have other repeats: what changed from repeat to repeat is part of the differences."
    if one.left_out or one.incomplete == one.repeats - one.together:
        return
    if one.other_instance:
        yield "What differs between instances makes the intervals of differences wider."
    if one.long_apart:
        yield "What changed meanwhile is part of the differences."
    yield "One runner for each instance type keeps repeats together (per_instance_type.instances: 1)."


def _lone(one: Turns) -> str:
    several = one.benchmarks_left_out > 1
    found = f"{one.benchmarks_left_out} result{'s' * several} of single benchmarks {'are' if several else 'is'} left out, too"
    return f"{found}: not all have one of that benchmark in that repeat." if one.benchmarks_left_out else ""


def _rare(one: SeldomThere) -> str:
    if not one.results:
        return f"{listed([one.subject])} has no result."
    out = f"; {one.left_out} of them {'are' if one.left_out > 1 else 'is'} left out, too" if one.left_out else ""
    results = f"{one.results} result{'s' * (one.results != 1)}"
    return f"{listed([one.subject])} was measured with them too seldom to be paired: {results}{out}."
