"""Which machines a run should have now, and which of its machines should end. Pure: what is known comes in, decisions go out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from benchfleet_contract.launches import launch_name
from benchfleet_contract.states import TaskStatus

from chalicelib.domain.counting import Counts
from chalicelib.domain.fleets import Fleet
from chalicelib.domain.launch_records import Failure, Launch
from chalicelib.domain.launches import Machine
from chalicelib.domain.records import Demand, Run
from chalicelib.domain.spending import is_over
from chalicelib.domain.transitions import IN_FLIGHT

READY_MS = 600_000  # a machine of which nothing was heard for that long is of no use
MOST_TURNS = 10  # machines that have a place one after the other
# How many machines with the same failure may have had a place when another takes it.
_FOLLOWED = {"interrupted": MOST_TURNS, "capacity": 3, "not_ready": 2, "network": 2, "unknown": 2}
OVER_COST = Failure(
    "cost", "the run's machines have cost what `max_cost` allows", "a larger max_cost, fewer tasks, or cheaper types"
)
_NOT_READY = "allow machines a way to the control plane and to the image, or see `benchfleet logs`"
_LOST = "max_attempts above 1 lets another machine try its tasks again; on-demand machines are not interrupted"


@dataclass(frozen=True)
class Situation:
    """What one look at a run found. `held`: tasks in flight by runner id. `seen`: when each runner was last heard of."""

    run: Run
    counts: Counts
    launches: Sequence[Launch]
    now_ms: int
    held: Mapping[Demand, Mapping[str, int]] = field(default_factory=dict)
    seen: Mapping[Demand, Mapping[str, int]] = field(default_factory=dict)

    @property
    def fleet(self) -> Fleet:
        return self.run.fleet or Fleet({})

    @property
    def is_open(self) -> bool:
        return self.run.is_shown and self.run.is_open

    def pending(self, demand: Demand) -> int:
        return sum(self.counts.of(TaskStatus.PENDING, i) for i, _ in self.run.groups_of(demand))

    def in_flight(self, demand: Demand) -> int:
        return sum(self.counts.of(status, i) for i, _ in self.run.groups_of(demand) for status in IN_FLIGHT)

    def of(self, demand: Demand) -> list[Launch]:
        return [each for each in self.launches if each.demand == demand]

    def holds(self, launch: Launch) -> int:
        """Tasks that runners on this machine have."""
        return sum(n for runner, n in self.held.get(launch.demand, {}).items() if is_on(runner, launch))

    def heard_ms(self, launch: Launch) -> int | None:
        """When a runner on this machine was last heard of."""
        mine = (at for runner, at in self.seen.get(launch.demand, {}).items() if is_on(runner, launch))
        return max(mine, default=None)

    def has_strangers(self, demand: Demand) -> bool:
        """Is a runner at work, or waiting, that came on no machine of ours?"""
        return any(
            at > self.now_ms - READY_MS and not any(is_on(runner, each) for each in self.of(demand))
            for runner, at in self.seen.get(demand, {}).items()
        )


def is_on(runner_id: str, launch: Launch) -> bool:
    return runner_id.startswith(f"{launch.name}-")


def brought(run: Run) -> list[Demand]:
    """The demands whose machines the control plane brings, as listed."""
    return [demand for demand in run.demands if run.fleet and demand.provider in run.fleet.means]


def missing(situation: Situation) -> Iterator[Launch]:
    """Launches to be added: a machine for each task that has not ended, `each` at most of a type."""
    if not situation.is_open:
        return
    demands = brought(situation.run)
    for position, demand in enumerate(demands):
        pending = situation.pending(demand)
        mine = situation.of(demand)
        working = len([each for each in mine if each.state in ("wanted", "starting", "running")])
        need = min(situation.fleet.each, pending + situation.in_flight(demand)) - working if pending else 0
        for slot, turn in _free(mine, situation.fleet.each):
            if need <= 0:
                break
            need -= 1
            number = (turn * situation.fleet.each + slot) * len(demands) + position + 1
            yield _wanted(situation, demand, number=number, slot=slot, turn=turn)


def _free(mine: Iterable[Launch], each: int) -> Iterator[tuple[int, int]]:
    """Places (slot, turn) that may be taken now."""
    ordered = sorted(mine, key=lambda launch: (launch.slot, launch.turn))
    before = {slot: list(launches) for slot, launches in groupby(ordered, key=lambda launch: launch.slot)}
    for slot in range(each):
        row = before.get(slot, [])
        if not row:
            yield slot, 0
        elif not row[-1].is_open and may_follow(row):
            yield slot, row[-1].turn + 1


def may_follow(row: Sequence[Launch]) -> bool:
    """May another machine take the place that these had? Not where it would only fail of the same."""
    if len(row) >= MOST_TURNS:
        return False
    last = row[-1]
    if last.failure is None:
        return True
    alike = [each for each in row if each.failure and each.failure.code == last.failure.code]
    return last.launched_ms is not None and len(alike) < _FOLLOWED.get(last.failure.code, 0)


def _wanted(situation: Situation, demand: Demand, *, number: int, slot: int, turn: int) -> Launch:
    run, means = situation.run, situation.fleet.means[demand.provider]
    return Launch(
        run_id=run.run_id, number=number, name=launch_name(run.run_id, number), provider=demand.provider,
        provisioner=means.provisioner, instance_type=demand.instance_type, market=means.market, slot=slot, turn=turn,
        wanted_ms=situation.now_ms,
    )  # fmt: skip


def endings(situation: Situation) -> Iterator[tuple[Launch, Failure | None]]:
    """Machines that are to be ended now, and what was wrong with them, if anything was."""
    max_cost = situation.fleet.max_cost
    broke = max_cost is not None and is_over(max_cost, situation.launches, now_ms=situation.now_ms)
    for launch in situation.launches:
        if not launch.is_live:
            continue
        if not situation.is_open or not (situation.pending(launch.demand) or situation.holds(launch)):
            yield launch, None
        elif broke:
            yield launch, OVER_COST
        elif launch.failure or (launch.expires_ms or 0) <= situation.now_ms:
            yield launch, launch.failure
        elif not situation.holds(launch) and (since_ms := _silent_ms(launch, situation.now_ms)) > READY_MS:
            yield launch, not_ready(launch, since_ms)


def _silent_ms(launch: Launch, now_ms: int) -> int:
    return now_ms - max(launch.seen_ms or 0, launch.launched_ms or 0)


def not_ready(launch: Launch, silent_ms: int) -> Failure:
    minutes = silent_ms // 60_000
    if launch.called_home_ms is None:
        return Failure("not_ready", f"it never called home, {minutes} minutes after it was launched", _NOT_READY)
    last = (
        f"; its last word was {launch.phase}{f' ({launch.message})' if launch.message else ''}" if launch.phase else ""
    )
    return Failure("not_ready", f"nothing was heard of its runners for {minutes} minutes{last}", _NOT_READY)


def loss(situation: Situation, launch: Launch, machine: Machine | None) -> Failure | None:
    """Why a machine is gone that nobody of us ended; None where it ended as it should."""
    if not situation.is_open or (launch.expires_ms or 0) <= situation.now_ms:
        return None
    if not situation.pending(launch.demand) and not situation.holds(launch):
        return None
    if machine and machine.failure:
        return Failure(machine.failure.code, machine.failure.words, machine.failure.remedy)
    reason = machine.reason if machine and machine.reason else "the cloud does not say why"
    is_spot = "spot" in reason.lower() or (launch.market == "spot" and launch.phase != "ended")
    if is_spot or launch.phase == "draining":
        return Failure("interrupted", f"the machine was taken back: {reason}", _LOST)
    return Failure("unknown", f"the machine ended by itself while work was left: {reason}", _NOT_READY)


def hopeless(situation: Situation) -> Iterator[tuple[Demand, Failure]]:
    """Demands with pending tasks of which no machine is there, or will be, and why."""
    if not situation.is_open:
        return
    coming = {launch.demand for launch in missing(situation)}
    for demand in brought(situation.run):
        mine = situation.of(demand)
        has_hope = demand in coming or any(each.is_open for each in mine) or situation.in_flight(demand)
        if mine and situation.pending(demand) and not has_hope and not situation.has_strangers(demand):
            yield demand, _why(mine)


def _why(mine: Iterable[Launch]) -> Failure:
    last = max(mine, key=lambda each: (each.ended_ms or 0, each.number))
    words = f"{MOST_TURNS} machines ended one after the other while work was left"
    return last.failure or Failure("unknown", words, _NOT_READY)
