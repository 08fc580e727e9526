"""Judges a history: was a task ever owned twice at once, orphaned, or an acknowledged result lost?

Pure. Concludes only from what the server *said*: a dropped connection proves nothing, so a finding is always a fault of
the server and never of the network. A lease that was printed in whole seconds is at most shorter than the real one,
which again errs towards silence.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from tests.proof.events import (
    ClaimInvoked,
    ClaimReturned,
    EndAcknowledged,
    EndInvoked,
    Event,
    FinalTask,
    Refused,
    Renewed,
)

OPEN = frozenset({"claimed", "running"})


class Fault(StrEnum):
    OWNED_TWICE = "owned twice at once"
    ORPHAN = "orphan"
    LOST_RESULT = "lost acknowledged result"
    WRONGLY_REFUSED = "owner was refused"
    ATTEMPT_REGRESSION = "attempt went backwards"
    COUNTERS = "counters differ from a recount"


@dataclass(frozen=True)
class Violation:
    fault: Fault
    task: str
    detail: str


@dataclass(frozen=True)
class Ownership:
    """One acknowledged lease: `invoked` and `told` frame the claim; `released` is when its owner asked for the end."""

    task: str
    attempt: int
    runner: str
    token: str
    invoked: float
    told: float
    lease_until: float
    released: float = math.inf

    @property
    def until(self) -> float:
        """The last moment at which its owner surely had the right to work on the task."""
        return min(self.lease_until, self.released)


Holder = tuple[str, int, str]  # task, attempt, runner


def check(
    events: Sequence[Event], final: Sequence[FinalTask], counters: Mapping[str, int] | None = None
) -> list[Violation]:
    """Everything wrong with a history. `counters` maps each status, and `total`, to what the run said of itself."""
    owned = ownerships(events)
    state = {task.task: task for task in final}
    found = [*_owned_twice(owned), *_split_tokens(owned), *_regressions(owned, state), *_orphans(owned, state)]
    found += [*_lost_results(events, state), *_wrongly_refused(events, owned, state)]
    return found + (list(_miscounted(counters, final)) if counters is not None else [])


def ownerships(events: Iterable[Event]) -> list[Ownership]:
    """The acknowledged leases in order of time; a reply that was repeated for one token counts once."""
    invoked: dict[str, float] = {}
    leases: dict[Holder, dict[str, Ownership]] = defaultdict(dict)
    for event in events:
        if isinstance(event, ClaimInvoked):
            invoked.setdefault(event.token, event.at)
        elif isinstance(event, ClaimReturned) and event.task is not None:
            lease = _lease(event, task=event.task, invoked=invoked.get(event.token, event.at))
            leases[lease.task, lease.attempt, lease.runner].setdefault(event.token, lease)
        elif isinstance(event, Renewed | EndInvoked):
            held = leases[event.task, event.attempt, event.runner]
            held.update({token: _moved(lease, event=event) for token, lease in held.items()})
    return sorted((lease for held in leases.values() for lease in held.values()), key=lambda lease: lease.told)


def _lease(claim: ClaimReturned, *, task: str, invoked: float) -> Ownership:
    return Ownership(task, claim.attempt, claim.runner, claim.token, invoked, claim.at, claim.lease_until)


def _moved(lease: Ownership, *, event: Renewed | EndInvoked) -> Ownership:
    """A renewal prolongs a lease; asking for the end gives it up, whether or not the request arrived."""
    if isinstance(event, Renewed):
        return replace(lease, lease_until=max(lease.lease_until, event.lease_until))
    return replace(lease, released=min(lease.released, event.at))


def _by_task(owned: Iterable[Ownership]) -> dict[str, list[Ownership]]:
    grouped: dict[str, list[Ownership]] = defaultdict(list)
    for lease in owned:
        grouped[lease.task].append(lease)
    return grouped


def _owned_twice(owned: Iterable[Ownership]) -> Iterator[Violation]:
    for task, leases in _by_task(owned).items():
        for one, two in combinations(sorted(leases, key=lambda lease: lease.attempt), 2):
            if one.attempt == two.attempt:
                who = f"attempt {one.attempt} given to {one.runner} ({one.token}) and {two.runner} ({two.token})"
                yield Violation(Fault.OWNED_TWICE, task, who)
            elif max(one.told, two.told) < one.until:
                who = f"{two.runner} was given attempt {two.attempt} while attempt {one.attempt} of {one.runner} held"
                yield Violation(Fault.OWNED_TWICE, task, who)


def _split_tokens(owned: Iterable[Ownership]) -> Iterator[Violation]:
    """One request answered with two leases: the first is held in the name of somebody who works on the second."""
    requests: dict[str, list[Ownership]] = defaultdict(list)
    for lease in owned:
        requests[lease.token].append(lease)
    for token, leases in requests.items():
        for one, two in combinations(leases, 2):
            if one.task != two.task and two.told < one.until:
                yield Violation(Fault.ORPHAN, one.task, f"token {token} was answered with {one.task} and {two.task}")


def _regressions(owned: Iterable[Ownership], state: Mapping[str, FinalTask]) -> Iterator[Violation]:
    for task, leases in _by_task(owned).items():
        for one, two in combinations(leases, 2):
            first, then = (one, two) if one.told < two.invoked else (two, one)
            if first.told < then.invoked and then.attempt < first.attempt:
                yield Violation(Fault.ATTEMPT_REGRESSION, task, f"attempt {then.attempt} came after {first.attempt}")
        highest = max(lease.attempt for lease in leases)
        if task in state and state[task].attempt < highest:
            yield Violation(Fault.ATTEMPT_REGRESSION, task, f"ended at {state[task].attempt}, {highest} was given out")


def _orphans(owned: Iterable[Ownership], state: Mapping[str, FinalTask]) -> Iterator[Violation]:
    """A lease that the server counts as given, but that nobody was told of: or a told task that is gone."""
    told = {(lease.task, lease.attempt, lease.runner) for lease in owned}
    for task in state.values():
        known = (task.task, task.attempt, task.runner) in told
        if not known and task.status in OPEN | {"completed"}:
            detail = f"{task.status} as attempt {task.attempt} of {task.runner}, whom nobody told"
            yield Violation(Fault.ORPHAN, task.task, detail)
    for name in {lease.task for lease in owned} - state.keys():
        yield Violation(Fault.ORPHAN, name, "was given out, but is not in the final state")


def _lost_results(events: Iterable[Event], state: Mapping[str, FinalTask]) -> Iterator[Violation]:
    for event in events:
        if isinstance(event, EndAcknowledged) and not _kept(event, state.get(event.task)):
            said = f"{event.outcome} of attempt {event.attempt} ({event.key}) was acknowledged to {event.runner}"
            yield Violation(Fault.LOST_RESULT, event.task, f"{said}, final state is {state.get(event.task)}")


def _kept(event: EndAcknowledged, final: FinalTask | None) -> bool:
    """A failure may be followed by another attempt; a completion is the last word."""
    if final is None:
        return False
    if event.outcome == "failed":
        return final.attempt > event.attempt or final.status in ("failed", "pending")
    return (final.status, final.attempt, final.key) == ("completed", event.attempt, event.key)


def _wrongly_refused(
    events: Iterable[Event], owned: Iterable[Ownership], state: Mapping[str, FinalTask]
) -> Iterator[Violation]:
    """Told `lease_lost` while the lease held, or refused an outcome that was accepted. Stop and deadline may refuse."""
    leases = {(lease.task, lease.attempt, lease.runner): lease for lease in owned}
    asked = {(e.task, e.attempt, e.runner): e for e in events if isinstance(e, EndInvoked)}
    for event in (e for e in events if isinstance(e, Refused)):
        who = (event.task, event.attempt, event.runner)
        if _accepted(asked.get(who), state.get(event.task)) or _held(leases.get(who), asked.get(who), event):
            yield Violation(
                Fault.WRONGLY_REFUSED, event.task, f"attempt {event.attempt} of {event.runner}: {event.code}"
            )


def _accepted(asked: EndInvoked | None, final: FinalTask | None) -> bool:
    """A heartbeat that overtook its own task's end is refused rightly: it is not what was accepted."""
    return asked is not None and final == FinalTask(asked.task, "completed", asked.attempt, asked.runner, asked.key)


def _held(lease: Ownership | None, asked: EndInvoked | None, refused: Refused) -> bool:
    given_up = asked is not None and asked.outcome == "failed"
    return lease is not None and not given_up and refused.code == "lease_lost" and refused.at < lease.lease_until


def _miscounted(counters: Mapping[str, int], final: Sequence[FinalTask]) -> Iterator[Violation]:
    recount = Counter(task.status for task in final) | Counter(total=len(final))
    for name in sorted(recount.keys() | counters.keys()):
        if recount[name] != counters.get(name, 0):
            yield Violation(Fault.COUNTERS, "", f"{name}: said {counters.get(name, 0)}, counted {recount[name]}")
