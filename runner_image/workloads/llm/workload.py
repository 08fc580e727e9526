"""llm: one shard of a fleet, sent from the runner itself: nothing foreign is executed, and keys stay where they are."""

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from benchfleet_contract.authorities import authorities
from benchfleet_contract.fleets.leases import KeyLimits
from benchfleet_contract.fleets.outcomes import Outcome as TestOutcome
from benchfleet_contract.fleets.plan import Shard, TestRequest
from benchfleet_contract.proxies import is_loopback
from benchfleet_results.fleets.pricing import Prices
from pydantic import ValidationError

from runner_image.isolation.protocol import OfficialImage
from runner_image.retries import Policy
from runner_image.workloads.files import OUTPUT_TXT, write_output, write_plain
from runner_image.workloads.llm.cache import Answers, cache_folder
from runner_image.workloads.llm.custom import FOLDER
from runner_image.workloads.llm.grading import Grading, judged
from runner_image.workloads.llm.journal import Journal
from runner_image.workloads.llm.judging import asked_of_judge
from runner_image.workloads.llm.limits import Gate, Leases, Places
from runner_image.workloads.llm.loop import Loop
from runner_image.workloads.llm.network import client
from runner_image.workloads.llm.provider import Provider, provider
from runner_image.workloads.llm.rehearsal import rehearse
from runner_image.workloads.llm.results import output_of, write_responses, write_shard
from runner_image.workloads.llm.sending import BACKOFF, Sender
from runner_image.workloads.llm.shard import ShardRun
from runner_image.workloads.protocol import FleetControl, Job, Outcome, Prepared, Progress, Slot, WorkloadError

CONNECT_S = 10.0
REPORT_S = 0.25
_log = logging.getLogger(__name__)


class Llm:
    name = "llm"
    credentials: tuple[str, ...] = ()  # which are needed stands in the shard
    scratch: tuple[str, ...] = ("journal.jsonl", FOLDER)

    def __init__(self, backoff: Policy = BACKOFF, answers: Path | None = None) -> None:
        """`answers` is the folder of the cache; None: the environment says it."""
        self._backoff, self._answers = backoff, answers
        self._outcomes: dict[str, TestOutcome] = {}

    def image(self, job: Job) -> OfficialImage | None:
        return None

    def prepare(self, job: Job, slot: Slot, report: Callable[[Progress], None]) -> Prepared:
        fleet = _control(job)
        shard, kept = fleet.work()
        try:
            self.shard = Shard.model_validate(shard)
        except ValidationError as error:
            raise WorkloadError(
                f"The shard does not read ({error.error_count()} problems): a newer runner may"
            ) from None
        self._kept = list(kept)
        self._prices = Prices(self.shard.provider, self.shard.target.model)
        self._warnings = self._prices.warnings(self.shard.tests)
        for test in self.shard.tests:
            self._prices.most_usd(test)
        for warning in self._warnings:
            _log.warning("%s: %s", self.shard.target.spec, warning)
        self._provider = provider(self.shard.target, self.shard.provider, job.credentials, select=fleet.select)
        self._judge = self._judging(job, fleet) if judged(self.shard) else None
        return Prepared(["llm", self.shard.target.spec], {"model": self.shard.target.model})

    def run(self, job: Job, prepared: Prepared, slot: Slot, report: Callable[[Progress], None]) -> int:
        self._started = datetime.now(UTC)
        counts = Counter[str]()

        async def work() -> None:
            await self._work(job, slot, counts)

        with Loop(work) as loop:
            while not loop.ended(REPORT_S):
                report(_progress(counts, len(self.shard.tests)))
        return 0

    def collect(self, job: Job, prepared: Prepared, exit_code: int) -> Outcome:
        """Failed and skipped tests are results."""
        folder, outcomes = job.work_dir, [self._outcomes[test.key] for test in self.shard.tests]
        write_shard(
            folder, self.shard, outcomes, fleet_id=str(job.options.get("fleet_id", "")),
            run_id=job.task_id.rpartition(".")[0], started=self._started, lasted_s=self._lasted_s,
            warnings=self._warnings,
        )  # fmt: skip
        if self.shard.save_responses:
            write_responses(folder, outcomes)
        output = output_of(self.shard, outcomes, lasted_s=self._lasted_s)
        write_output(folder, output)
        write_plain(folder / OUTPUT_TXT, "".join(_line(each) for each in outcomes).encode())
        return Outcome(output, exit_code)

    def _judging(self, job: Job, fleet: FleetControl) -> tuple[Provider, Prices]:
        """Its key has to be here before anything is sent: answers that nobody can grade are paid for nothing."""
        target, settings = self.shard.judge_target, self.shard.judge_provider
        if target is None or settings is None:
            raise WorkloadError("The shard has rubrics, and no judge: plan the fleet anew")
        found = provider(target, settings, job.credentials, select=fleet.select)
        prices = Prices(settings, target.model)
        asked = asked_of_judge(self.shard.tests[0], "", "", self.shard.judge or {}, key="judge")
        self._warnings += [f"judge: {warning}" for warning in prices.warnings([asked])]
        return found, prices

    async def _work(self, job: Job, slot: Slot, counts: Counter[str]) -> None:
        shard, fleet = self.shard, _control(job)
        journal = Journal(job.work_dir, kept=self._kept, keep=fleet.keep)
        answers = Answers(self._answers or cache_folder(os.environ), shard) if shard.cache else None
        if answers:
            _take_cached(answers, shard, journal, job.attempt)
        counts.update(each.status for each in journal.outcomes.values() if each.settled)
        places = Places(min(shard.load.concurrency, shard.provider.max_concurrency or shard.load.concurrency))
        begun = time.monotonic()
        try:
            async with _http(self._provider) as http:
                await rehearse(http)
                run = ShardRun(
                    shard,
                    self._sender(job, http, places, self._provider, self._prices),
                    places,
                    journal,
                    told=lambda outcome: counts.update([outcome.status]),
                )
                run.sender.leases.upcoming = run.upcoming
                await run.run()
            self._lasted_s = time.monotonic() - begun  # grading is no part of it
            if answers:
                await asyncio.to_thread(answers.keep, shard.tests, journal.outcomes)
            await self._grade(job, slot, journal, run.sender.leases.calls)
        finally:
            self._outcomes = journal.outcomes
            journal.close()

    async def _grade(self, job: Job, slot: Slot, journal: Journal, calls: int) -> None:
        """`calls`: how many questions the control plane was asked; those for the judge are counted on."""
        grading = Grading(self.shard, journal, slot, job.work_dir)
        if self._judge is None:
            await grading.run()
            return
        found, prices = self._judge
        places = Places(min(self.shard.load.concurrency, found.settings.max_concurrency or self.shard.load.concurrency))
        async with _http(found) as http:
            grading.places, grading.sender = places, self._sender(job, http, places, found, prices, calls)
            await grading.run()

    def _sender(
        self, job: Job, http: httpx.AsyncClient, places: Places, found: Provider, prices: Prices, calls: int = 0
    ) -> Sender:
        shard, settings = self.shard, found.settings
        leases = Leases(
            _control(job).lease,
            provider_key=found.fingerprint,
            target=found.target.spec,
            places=places,
            upcoming=list,
            limits=KeyLimits(rpm=settings.rpm, tpm=settings.tpm, max_concurrency=settings.max_concurrency),
            reserve_tokens=max((_tokens(test) for test in shard.tests), default=0) if settings.tpm else 0,
            calls=calls,
        )
        return Sender(
            http,
            found,
            leases,
            Gate(),
            prices,
            shard.timeout_s,
            shard.max_retries,
            attempt=job.attempt,
            budgeted=shard.max_cost is not None,
            backoff=self._backoff,
        )


def _take_cached(answers: Answers, shard: Shard, journal: Journal, attempt: int) -> None:
    """Of tests that have no answer in the journal."""
    known = journal.outcomes
    for test in shard.tests:
        before = known.get(test.key)
        if (before is None or not before.settled) and (found := answers.found(test, attempt=attempt)):
            journal.add(found)


def _control(job: Job) -> FleetControl:
    if job.fleet is None:
        raise WorkloadError("A shard of a fleet comes from POST /fleets/runs, never from a run of its own")
    return job.fleet


def _http(found: Provider) -> httpx.AsyncClient:
    """This machine is never behind a proxy."""
    address = found.settings.base_url or found.known.base_url or ""
    here = is_loopback(urlsplit(address).hostname or "")
    verify = authorities({}) if here else authorities()
    return client(verify=verify, trust_env=not here, connect_s=CONNECT_S)


def _tokens(test: TestRequest) -> int:
    """A first guess for a limit of tokens a minute: four bytes each; what was really used is told afterwards."""
    return len(test.prompt.encode()) // 4 + (test.parameters.max_tokens or 256)


def _progress(counts: Counter[str], total: int) -> Progress:
    done = sum(counts.values())
    bad = counts["failure"] + counts["timeout"]
    words = f"{done} of {total} tests" + (f", {bad} failed" if bad else "")
    return Progress(min(99, 100 * done // max(total, 1)), message=words)


def _line(outcome: TestOutcome) -> str:
    ttft = f" ttft={outcome.ttft_ms:.1f} ms" if outcome.ttft_ms is not None else ""
    why = f" {outcome.error.kind}: {outcome.error.message}" if outcome.error else ""
    return f"{outcome.key}: {outcome.status} {outcome.duration_ms:.1f} ms{ttft}{why}\n"
