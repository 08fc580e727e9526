"""A later run of a fleet that sends only what is missing: it starts with the outcomes of an earlier one.

They are written as the first chunk of each shard's journal, of attempt 0: a runner that takes the shard up sees them as it
sees what an attempt before has done.
"""

import gzip
from collections.abc import Container, Iterator
from dataclasses import dataclass

from benchfleet_contract.fleets.outcomes import Grade, Outcome
from benchfleet_contract.fleets.plan import FleetPlan, Shard, TestRequest
from benchfleet_contract.fleets.runs import FleetRunRequest
from benchfleet_contract.problems import Problem
from benchfleet_contract.workloads.known import LLM

from chalicelib.domain.errors import RunNotFound, RunNotOver
from chalicelib.domain.fleet_errors import InvalidFleet
from chalicelib.domain.fleet_plan import fleet_id_of
from chalicelib.domain.fleet_ports import FleetFiles
from chalicelib.domain.ports import Runs
from chalicelib.domain.records import RunState
from chalicelib.services.fleets.read_outcomes import ReadOutcomes


@dataclass(frozen=True)
class CarryOver:
    runs: Runs
    files: FleetFiles
    outcomes: ReadOutcomes

    def check(self, asked: FleetRunRequest, plan: FleetPlan) -> str | None:
        """The run to go on with. Raises InvalidFleet, RunNotFound, RunNotOver."""
        earlier = asked.retry_errors_of or asked.extend
        if earlier is None:
            return None
        if asked.retry_errors_of and asked.extend:
            raise _refused("extend", asked.extend, "retry_errors_of names a run, too", "name one of them")
        found = self.runs.get(earlier)
        if found is None or not found[0].is_shown or found[0].workload != LLM:
            raise RunNotFound
        if found[0].state is RunState.RUNNING:
            raise RunNotOver(f"Run {earlier} has not ended: wait for it, or stop it")
        if fleet_id_of(earlier) != plan.fleet_id:
            field = "retry_errors_of" if asked.retry_errors_of else "extend"
            raise _refused(field, earlier, f"it is a run of fleet {fleet_id_of(earlier)}", f"a run of {plan.fleet_id}")
        return earlier

    def __call__(self, earlier: str, run_id: str, plan: FleetPlan, *, errors_too: bool) -> None:
        """`errors_too`: are failures taken over as well, so that only what is new is sent?"""
        self.files.keep_all(run_id, self._chunks(earlier, plan, errors_too))

    def _chunks(self, earlier: str, plan: FleetPlan, errors_too: bool) -> Iterator[tuple[str, bytes]]:
        before = {_place(shard): shard for shard in self.outcomes.shards(earlier)}
        for shard in plan.shards:
            old = before.get(_place(shard))
            lines = [] if old is None else [*self._same(earlier, old, shard, errors_too)]
            if lines:
                chunk = gzip.compress("".join(one.line() for one in lines).encode(), mtime=0)
                yield f"journal/{shard.number}/{0:08d}-{1:06d}.jsonl.gz", chunk

    def _same(self, earlier: str, old: Shard, shard: Shard, errors_too: bool) -> Iterator[Outcome]:
        """Outcomes of the tests that are the very same request still."""
        asked = {test.key: _request(old, test) for test in old.tests}
        found = self.outcomes.of(earlier, old.number)
        for test in shard.tests:
            key = _earlier_key(test, asked)
            outcome = found.get(key)
            if outcome and asked.get(key) == _request(shard, test) and _kept(outcome, errors_too):
                yield outcome.model_copy(update={"key": test.key, "grades": _good(outcome)})


def _kept(outcome: Outcome, errors_too: bool) -> bool:
    return outcome.settled if errors_too else outcome.status == "success"


def _place(shard: Shard) -> tuple[str, str | None, str]:
    return shard.repository_id, shard.scenario, shard.target.spec


def _request(shard: Shard, test: TestRequest) -> str:
    """What is sent, and under which load of a sweep; how it is graded may change."""
    load = "" if test.step is None else shard.load.at(test.step).model_dump_json()
    return load + test.model_dump_json(include={"prompt", "system", "parameters", "model"})


def _earlier_key(test: TestRequest, asked: Container[str]) -> str:
    """The first repeat has the test's id for a key where there is no other: that changes with the number of repeats."""
    keys = (test.key, test.test_id, f"{test.test_id}#1") if test.repeat == 1 else (test.key,)
    return next((key for key in keys if key in asked), test.key)


def _good(outcome: Outcome) -> dict[str, Grade]:
    """A grade that could not be made is made now."""
    return {key: grade for key, grade in outcome.grades.items() if grade.error is None}


def _refused(field: str, value: str, message: str, remedy: str) -> InvalidFleet:
    problem = Problem(field=field, value=value, message=message, remedy=remedy)
    return InvalidFleet([f"{field}: {message}"], problems=[problem])
