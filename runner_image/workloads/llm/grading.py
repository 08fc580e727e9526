"""The grades that need a package, a process or a model: made when all answers have come, so that nothing disturbs their times.

Each is kept in the journal at once: a shard that is taken up again asks only for those that are missing.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet_contract.fleets.assertions import GRADED, Checked, Threshold, grade_key, read_assertion
from benchfleet_contract.fleets.outcomes import Grade, Outcome
from benchfleet_contract.fleets.plan import Shard, TestRequest
from benchfleet_results.fleets.benchmarks import judge_of
from benchfleet_results.fleets.scoring.answers import graded

from runner_image.isolation.protocol import Slot
from runner_image.workloads.llm.custom import CustomAsk, custom_grades
from runner_image.workloads.llm.journal import Journal
from runner_image.workloads.llm.judging import asked_of_judge, grade_of
from runner_image.workloads.llm.limits import Halt, Places
from runner_image.workloads.llm.sending import Sender

PATTERNS_S = 300.0  # for all patterns and schemas of a shard: each may take a second


@dataclass(frozen=True)
class Wanted:
    """A grade of one answer that nobody has given yet."""

    key: str
    assertion: Checked
    test: TestRequest
    outcome: Outcome

    @property
    def content(self) -> str:
        return self.outcome.response.content if self.outcome.response else ""


def judged(shard: Shard) -> bool:
    """Has any test a rubric?"""
    return any(
        one.get("type", "").removeprefix("not-") == "llm-rubric" for test in shard.tests for one in test.assertions
    )


def wanted(shard: Shard, outcomes: dict[str, Outcome]) -> list[Wanted]:
    """Of answers only: what failed is wrong without a grade."""
    return [one for test in shard.tests for one in _of(test, outcomes.get(test.key), judge_of(shard))]


def _of(test: TestRequest, outcome: Outcome | None, judge: str | None) -> Iterator[Wanted]:
    if outcome is None or outcome.response is None:
        return
    known = set(outcome.grades)
    for one in test.assertions:
        try:
            assertion = read_assertion(one)
        except ValueError:  # told with the score
            continue
        key = grade_key(assertion, judge)
        if assertion.type in GRADED and not isinstance(assertion, Threshold) and key not in known:
            known.add(key)
            yield Wanted(key, assertion, test, outcome)


@dataclass
class Grading:
    """`sender` and `places` are the judge's; None where no test has a rubric."""

    shard: Shard
    journal: Journal
    slot: Slot
    work_dir: Path
    sender: Sender | None = None
    places: Places | None = None

    async def run(self) -> None:
        """Leaves every grade in the journal. Raises what ends the task."""
        asked = wanted(self.shard, self.journal.outcomes)
        by_kind = {kind: [one for one in asked if one.assertion.type == kind] for kind in GRADED}
        here = [*by_kind["regex"], *by_kind["is-json"]]
        self._add(zip(here, await asyncio.to_thread(_here, here), strict=True))
        await self.journal.kept(now=True)
        self._add(zip(by_kind["python"], await self._custom(by_kind["python"]), strict=True))
        await self.journal.kept(now=True)
        await self._judged(by_kind["llm-rubric"])
        await self.journal.kept(now=True)

    def _add(self, grades: Iterable[tuple[Wanted, Grade]]) -> None:
        for one, grade in grades:
            self.journal.add(_line(one, grade))

    async def _custom(self, asked: Sequence[Wanted]) -> list[Grade]:
        told = [CustomAsk(str(_value(one)), one.content, one.test.model_dump(mode="json")) for one in asked]
        return await asyncio.to_thread(custom_grades, self.slot, self.work_dir, told) if told else []

    async def _judged(self, asked: Sequence[Wanted]) -> None:
        sender, places, judge = self.sender, self.places, self.shard.judge
        if sender is None or places is None or judge is None or not asked:
            return
        requests = [
            asked_of_judge(one.test, one.content, str(_value(one)), judge, key=f"{one.test.key}/{one.key}")
            for one in asked
        ]
        waiting = iter(list(zip(asked, requests, strict=True)))
        left = [sender.most_usd(one) for one in requests if sender.payable(one)]
        sender.leases.upcoming = lambda: left[:]

        async def work() -> None:
            for one, request in waiting:
                if left:
                    left.pop(0)
                self._add([(one, await _asked(sender, places, request))])
                await self.journal.kept()

        async with asyncio.TaskGroup() as group:
            for _ in range(places.most):
                group.create_task(work())
        await sender.leases.close()


async def _asked(sender: Sender, places: Places, request: TestRequest) -> Grade:
    async with places:
        try:
            return grade_of(await sender.send(request, intended=sender.clock()))
        except Halt as halt:
            return Grade(error=halt.words or f"not judged: {_WHY[halt.reason]}")


_WHY = {"budget": "the run could go beyond max_cost", "stopped": "the run was stopped"}


def _here(asked: Sequence[Wanted]) -> list[Grade]:
    end = time.monotonic() + PATTERNS_S
    late = Grade(error=f"the patterns of this shard took more than {PATTERNS_S:g} s")
    return [graded(one.content, one.assertion) if time.monotonic() < end else late for one in asked]


def _line(one: Wanted, grade: Grade) -> Outcome:
    outcome = one.outcome
    return Outcome(
        key=outcome.key, test_id=outcome.test_id, repeat=outcome.repeat, category=outcome.category, status=outcome.status,
        attempt=outcome.attempt, grades={one.key: grade}, grading=True,
    )  # fmt: skip


def _value(one: Wanted) -> Any:
    return getattr(one.assertion, "value", "")
