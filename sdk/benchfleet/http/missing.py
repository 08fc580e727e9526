"""What a comparison lacks, and what makes it doubtful: a verdict without it would say more than was measured."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from benchfleet_contract.http_results import NOISY, HttpResult

from runner_image.workloads.http.load.checks import common_ceilings, told


def lines(results: Sequence[HttpResult]) -> Iterator[str]:
    """One for each framework that lacks something, then the remedy; nothing where all was measured."""
    found = [(name, mine) for name in _names(results) if (mine := _lacking([r for r in results if r.subject == name]))]
    for name, mine in found:
        yield f"Missing of {name}: {'; '.join(mine)}"
    if any(NOISY in line for _, mine in found for line in mine):
        yield "Other work on this machine disturbed it: the same command with --resume measures that again, once it is quiet."


def notes(results: Sequence[HttpResult]) -> Iterator[str]:
    """What is odd about servers or about the machine, and is held against no number."""
    for note in dict.fromkeys(reason for one in results for reason in one.validity.reasons):
        yield f"Note on {', '.join(_names([one for one in results if note in one.validity.reasons]))}: {note}"


def ceilings(results: Sequence[HttpResult]) -> Iterator[str]:
    """A warning for each workload on which several frameworks end at the same rate."""
    for name in dict.fromkeys(cell.name for one in results for cell in one.workloads):
        for by_subject in _rates(results, name).values():
            rates = {subject: fmean(found) for subject, found in by_subject.items()}
            yield from (f"{name}: {warning}" for warning in told(common_ceilings(rates), rates))


def _rates(results: Sequence[HttpResult], name: str) -> Mapping[str, Mapping[str, list[float]]]:
    """Rates that can be believed, by load tool and subject: two tools have no limit in common."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in results:
        for cell in one.workloads:
            if cell.name == name and (rate := cell.best_rps) is not None:
                tools = [level.tool for level in cell.saturation if level.validity.ok and level.rps == rate]
                found["".join(tools[:1])][one.subject].append(rate)
    return found


def _names(results: Sequence[HttpResult]) -> list[str]:
    return list(dict.fromkeys(one.subject for one in results))


def _lacking(starts: Sequence[HttpResult]) -> list[str]:
    failed = [f"start {one.repeat}: {one.failure.kind}: {one.failure.message}" for one in starts if one.failure]
    lost, why = Counter[str](), dict[str, str]()
    for what, reason in (pair for one in starts for pair in _lost(one)):
        lost[what] += 1
        why.setdefault(what, reason)
    return failed + [f"{what} in {count} of {len(starts)} starts ({why[what]})" for what, count in lost.items()]


def _lost(one: HttpResult) -> Iterator[tuple[str, str]]:
    for cell in one.workloads:
        if cell.status != "measured":
            yield cell.name, "; ".join([cell.status, *cell.reasons[:1]])
        else:
            for rate in (rate for rate in cell.latency if not rate.validity.ok):
                yield f"{cell.name} at {rate.fraction:.0%} of its saturation", rate.validity.reasons[0]
    for stream in one.streams or ():
        if stream.status != "measured":
            yield f"stream {stream.name}", "; ".join([stream.status, *stream.reasons[:1]])
