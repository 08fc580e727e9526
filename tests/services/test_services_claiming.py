"""Which task a claim of a run gets, and what it is told when it gets none."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import RunNotFound
from chalicelib.domain.ports import Refused
from chalicelib.domain.records import Candidates, ClaimRequest, Demand, Group
from tests.contract.answered import answered
from tests.contract.records import CLOUD, LOCAL, a_request, a_run
from tests.contract.system import System
from tests.services.claims import SIZE, claim, counted_queries, end, number, publish, told


@pytest.fixture
def queries(system: System) -> Iterator[list[int]]:
    with counted_queries(system) as made:
        yield made


def test_a_task_costs_one_query(system: System, queries: list[int]) -> None:
    publish(system, a_run(), {1: LOCAL, 2: LOCAL, 3: LOCAL})
    queries.clear()
    assert [number(claim(system, runner)) for runner in ("a", "b")] == [1, 2]
    assert len(queries) == 2


def test_a_group_whose_tasks_lie_behind_those_of_another_is_found(system: System) -> None:
    run = a_run(sizes={LOCAL: SIZE, CLOUD: 1})
    publish(system, run, {1: LOCAL, SIZE + 1: CLOUD})
    assert number(claim(system, "one", demand=CLOUD)) == SIZE + 1
    assert told(claim(system, "two", demand=CLOUD)) == ("wait", 30, None)


def test_a_group_of_two_blocks_is_done_when_neither_has_an_open_task(system: System) -> None:
    run = a_run(task_count=2 * SIZE, groups=(Group(LOCAL, 2, (0, 1)),))
    publish(system, run, {1: LOCAL, SIZE + 1: LOCAL})
    assert {number(claim(system, runner)) for runner in ("a", "b")} == {1, SIZE + 1}
    end(system, range(1, 2))
    assert told(claim(system, "c")) == ("wait", 30, None)
    end(system, range(SIZE + 1, SIZE + 2))
    assert told(claim(system, "c")) == ("done", None, None)


def test_where_nothing_fits_or_nothing_runs_there_is_nothing_to_wait_for(system: System) -> None:
    publish(system, a_run(), {1: LOCAL})
    assert told(claim(system, "one", demand=CLOUD)) == ("done", None, None)
    with pytest.raises(RunNotFound):
        claim(system, "one", run_id="nowhere")
    assert system.runs.stop("r")
    system.connect(system.dynamodb)
    assert told(claim(system, "one", demand=CLOUD)) == ("done", None, "Run is not running")


def test_a_stopped_run_whose_tasks_have_ended_says_that_it_is_not_running(system: System) -> None:
    publish(system, a_run(), {1: LOCAL})
    claim(system, "one")
    end(system, range(1, 2))
    assert system.runs.stop("r")
    assert told(claim(system, "two")) == ("done", None, "Run is not running")


def test_a_retry_gets_all_that_the_first_answer_held(system: System) -> None:
    publish(system, a_run(ruby_version="3.4.7"), {1: LOCAL, 2: LOCAL})
    first, again = claim(system, "one"), claim(system, "one", retry=True)
    assert first.task
    assert (first.task.ruby_version, first.task.workload_options) == ("3.4.7", {"n": 1})
    assert again.task == first.task
    system.connect(system.dynamodb)
    assert system.claim_once.of_run("r", a_request("one"), retry=True).task == first.task
    assert system.claim_once.of_run("r", a_request("one")).task == first.task  # by its receipt


def test_a_token_finds_only_the_task_of_its_own_runner(system: System) -> None:
    publish(system, a_run(), {1: LOCAL, 2: LOCAL})
    claim(system, "one")
    request = a_request("two", token="token-one")
    assert number(system.claim_task("r", request, retry=True)) == 2
    assert told(claim(system, "three", demand=CLOUD, retry=True)) == ("done", None, None)


class Thieves:
    """The tasks of a store where others are quicker: `most` candidates are claimed by others as soon as one reads them."""

    def __init__(self, system: System, most: int) -> None:
        self._tasks, self._left, self.races, self.asked = system.tasks, most, 0, 0

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._tasks, verb)

    def candidates(
        self, run_id: str, block: int, demand: Demand, *, limit: int, request: ClaimRequest | None = None
    ) -> Candidates:
        self.asked += 1
        found = self._tasks.candidates(run_id, block, demand, limit=limit, request=request)
        for each in found.numbers[: self._left]:
            self._tasks.claim(run_id, each, a_request(f"thief-{each}"))
        self._left -= len(found.numbers[: self._left])
        return found

    def claim(self, run_id: str, each: int, request: ClaimRequest) -> Any:
        try:
            return self._tasks.claim(run_id, each, request)
        except Refused:
            self.races += 1
            raise


@pytest.mark.parametrize(("stolen", "races", "asked"), [(0, 0, 1), (3, 2, 1), (11, 4, 2)])
def test_who_loses_races_tries_others_and_asks_anew_when_what_it_read_is_stale(
    system: System, stolen: int, races: int, asked: int
) -> None:
    publish(system, a_run(sizes={LOCAL: 12}), dict.fromkeys(range(1, 13), LOCAL))
    thieves = Thieves(system, stolen)
    got = number(answered(replace(system.claims, tasks=thieves), system.storage)("r", a_request("one")))
    assert got > stolen
    assert (thieves.races, thieves.asked) == (races, asked)
