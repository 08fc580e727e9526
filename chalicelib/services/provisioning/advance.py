"""One look at the machines of a run, and all that follows from it. May be called any number of times, and be killed anywhere.

It goes by what it finds, never by what a message says. While something is open it sends itself the next message; the sweep
sends one a minute, for those that get lost. Of many that come at once, one is heard.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from chalicelib.domain.counting import Counts, all_ended
from chalicelib.domain.launch_planning import Situation, brought, missing
from chalicelib.domain.ports import Clock, Launches, ProvisionQueue, Runners, Runs, Tasks
from chalicelib.domain.records import Demand, Run, RunState, Task
from chalicelib.services.provisioning.ending import EndMachines
from chalicelib.services.provisioning.giving_up import GiveUp
from chalicelib.services.provisioning.launching import LaunchMachines
from chalicelib.services.provisioning.ledger import Ledger
from chalicelib.services.provisioning.watching import WatchMachines

EVERY_S = 15
Seen = dict[Demand, dict[str, int]]  # runner id → when it was last heard of


@dataclass(frozen=True)
class AdvanceFleet:
    runs: Runs
    tasks: Tasks
    runners: Runners
    launches: Launches
    watch: WatchMachines
    end: EndMachines
    launch: LaunchMachines
    give_up: GiveUp
    queue: ProvisionQueue
    clock: Clock

    def __call__(self, run_id: str) -> None:
        """Does nothing for a run that is unknown, or brings no machines, and when it was called a short while ago.

        Raises what the table raises, so that the queue delivers the message again.
        """
        found, now_ms = self.runs.get(run_id), self.clock()
        if found is None or found[0].fleet is None or found[0].state is RunState.CREATING:
            return
        if not self.launches.take(run_id, now_ms=now_ms, until_ms=now_ms + EVERY_S * 1000):
            return
        ledger = Ledger(self.launches, self.launches.all(run_id))
        self._look(*found, ledger, now_ms)
        if found[0].is_open or any(each.is_open for each in ledger.launches):
            self.queue.send(run_id, delay_s=EVERY_S)

    def _look(self, run: Run, counts: Counts, ledger: Ledger, now_ms: int) -> None:
        situation = self._situation(run, counts, ledger, now_ms)
        about_to = self.watch(situation, ledger)
        situation = replace(situation, launches=ledger.launches)
        for launch in missing(situation):
            ledger.add(launch)
        self.end(replace(situation, launches=ledger.launches), ledger, about_to=about_to)
        self.launch(replace(situation, launches=ledger.launches), ledger)
        self.give_up(replace(situation, launches=ledger.launches))

    def _situation(self, run: Run, counts: Counts, ledger: Ledger, now_ms: int) -> Situation:
        situation = Situation(run, counts, ledger.launches, now_ms)
        if not situation.is_open:
            return situation
        tasks = list(self._in_flight(run, counts))
        return replace(situation, held=_held(tasks), seen=self._seen(run, tasks, now_ms))

    def _in_flight(self, run: Run, counts: Counts) -> Iterable[Task]:
        for demand in brought(run):
            if not all_ended(run.groups_of(demand), counts):
                for block in run.blocks_of(demand):
                    yield from self.tasks.leased(run.run_id, block, demand)

    def _seen(self, run: Run, tasks: Iterable[Task], now_ms: int) -> Seen:
        seen: Seen = {}
        for presence in self.runners.seen(run.run_id, now_ms=now_ms):
            seen.setdefault(presence.demand, {})[presence.runner_id] = presence.seen_ms
        for task in tasks:
            of_demand, runner_id = seen.setdefault(task.demand, {}), task.runner_id or ""
            of_demand[runner_id] = max(of_demand.get(runner_id, 0), task.heartbeat_ms or task.claimed_ms or 0)
        return seen


def _held(tasks: Iterable[Task]) -> Mapping[Demand, Mapping[str, int]]:
    held: dict[Demand, dict[str, int]] = {}
    for task in tasks:
        of_demand, runner_id = held.setdefault(task.demand, {}), task.runner_id or ""
        of_demand[runner_id] = of_demand.get(runner_id, 0) + 1
    return held
