"""One test from its turn to its outcome: a lease for each try, retries with waits between, and what it came to."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from benchfleet_contract.fleets.outcomes import ErrorKind, Outcome, OutcomeError, Status, Usage
from benchfleet_contract.fleets.plan import TestRequest
from benchfleet_results.fleets.pricing import Prices

from runner_image.retries import LONGEST_ASKED_S, Passing, Policy
from runner_image.workloads.llm.answers import reported, response_of
from runner_image.workloads.llm.client.answer import ProviderError
from runner_image.workloads.llm.client.dialect import Call
from runner_image.workloads.llm.limits import Gate, Halt, Leased, Leases
from runner_image.workloads.llm.measures import measured
from runner_image.workloads.llm.provider import Provider
from runner_image.workloads.llm.stream import Exchange, exchanged

BACKOFF = Policy(patience_s=float("inf"), first_s=1.0, most_s=60.0)


@dataclass
class Times:
    """Of one test, in seconds of the monotonic clock."""

    intended: float
    first_sent: float | None = None
    waited: float = 0.0  # between tries, for whatever reason
    ended: float | None = None  # of the last try

    def sends(self, now: float) -> None:
        if self.first_sent is None:
            self.first_sent = now
        elif self.ended is not None:
            self.waited += now - self.ended


@dataclass
class Sender:
    """`timeout_s` is for each try. `budgeted`: has the run a `max_cost`? `wall` is Unix time at the clock's zero."""

    http: httpx.AsyncClient
    provider: Provider
    leases: Leases
    gate: Gate
    prices: Prices
    timeout_s: float
    max_retries: int
    attempt: int
    budgeted: bool = False
    backoff: Policy = BACKOFF
    dice: Callable[[], float] = random.random
    clock: Callable[[], float] = time.perf_counter
    wall: float = field(default_factory=lambda: time.time() - time.perf_counter())

    async def send(self, test: TestRequest, *, intended: float) -> Outcome:
        """`intended` is of the clock. Raises Halt where it may not be sent."""
        times, tries, exchange = Times(intended), 0, Exchange()
        while True:
            try:
                exchange = await self._try(test, times)
            except Halt:
                if not tries:
                    raise
                return await self._outcome(test, exchange, times, tries)  # it failed, and may not be tried again
            tries += 1
            error = exchange.error
            if error is None or not error.again or tries > self.max_retries:
                return await self._outcome(test, exchange, times, tries)
            await self._rest(error, tries)

    async def _try(self, test: TestRequest, times: Times) -> Exchange:
        lease = await self.leases.take(self.most_usd(test))
        await self.gate.passed()
        call = await self._call(test)
        times.sends(self.clock())
        exchange = await exchanged(
            self.http, call, self.provider.dialect, timeout_s=self.timeout_s, key=self.provider.key, clock=self.clock
        )
        times.ended = exchange.stamps.ended
        if (
            exchange.rest_s and exchange.rest_s <= LONGEST_ASKED_S
        ):  # beyond that the provider may refuse: it says for how long
            self.gate.close(exchange.rest_s)
        self._settle(lease, test, exchange)
        return exchange

    def most_usd(self, test: TestRequest) -> float:
        """What is set aside for it: nothing without a budget. Raises Halt where there is one and the price is not known."""
        if not self.budgeted:
            return 0.0
        most = self.prices.most_usd(test)
        if most is None:
            model = test.model or self.provider.target.model
            raise Halt("budget", f"not sent: no price of {model} is known, so max_cost could not be kept")
        return most

    def payable(self, test: TestRequest) -> bool:
        try:
            return not self.leases.refuses(self.most_usd(test))
        except Halt:
            return False

    async def _call(self, test: TestRequest) -> Call:
        dialect = self.provider.dialect
        if self.provider.selects:
            return dialect.call(await asyncio.to_thread(self.provider.ask, test))
        return dialect.call(self.provider.ask(test))

    def _settle(self, lease: Leased, test: TestRequest, exchange: Exchange) -> None:
        """A try that was refused costs nothing. One that may be on the bill, and whose tokens or price are unknown, the most.

        What was counted of an answer that broke off is not what its bill will say.
        """
        answer = exchange.answer
        tokens = (answer.prompt_tokens or 0) + (answer.completion_tokens or 0)
        refused = exchange.unsent or (exchange.error is not None and exchange.error.http_status is not None)
        usd = 0.0 if refused else lease.usd
        if reported(answer) and answer.complete:
            usage = Usage(
                prompt_tokens=answer.prompt_tokens or 0,
                completion_tokens=answer.completion_tokens or 0,
                total_tokens=tokens,
                cached=answer.cached,
                reasoning=answer.reasoning,
            )
            known = self.prices.cost(test, usage, datetime.now(UTC))[0]
            usd = lease.usd if known is None else known
        self.leases.settle(lease, usd=usd, tokens=tokens)

    async def _rest(self, error: ProviderError, tries: int) -> None:
        passing = Passing()
        passing.retry_after_s = error.retry_after_s
        wait_s = self.backoff.wait_s(tries, error=passing, dice=self.dice())
        if error.kind == "rate_limited":
            asked_s = min(error.retry_after_s or 0.0, LONGEST_ASKED_S)
            self.leases.throttled(asked_s if error.retry_after_s is not None else None)
            self.gate.close(asked_s)
        await asyncio.sleep(wait_s)

    async def _outcome(self, test: TestRequest, exchange: Exchange, times: Times, tries: int) -> Outcome:
        response, source, truncated = None, None, False
        if exchange.error is None:
            response, source, truncated = await response_of(
                exchange.answer, test, self.provider, self.http, now=time.time()
            )
        found = measured(exchange.stamps, response.usage.completion_tokens if response and source else None)
        sent = datetime.fromtimestamp(exchange.stamps.sent + self.wall, UTC)
        cost, price = self.prices.cost(test, response.usage, sent) if response and source else (None, None)
        return Outcome(
            **identity(test),
            status=_status(exchange.error),
            response=response,
            usage_source=source,
            error=_error(exchange.error),
            intended_at=times.intended + self.wall,
            sent_at=exchange.stamps.sent + self.wall,
            duration_ms=exchange.stamps.duration_ms,
            queue_ms=round(max(0.0, (times.first_sent or times.intended) - times.intended) * 1000, 4),
            retry_wait_ms=round(times.waited * 1000, 4),
            ttft_ms=found.ttft_ms if found else None,
            itl_ms=found.itl_ms if found else None,
            tpot_ms=found.tpot_ms if found and response else None,
            e2el_ms=found.e2el_ms if found and response else None,
            tries=tries,
            cost_usd=cost,
            price_source=price,
            truncated=truncated,
            attempt=self.attempt,
        )


def identity(test: TestRequest) -> dict[str, str | int | None]:
    return {"key": test.key, "test_id": test.test_id, "repeat": test.repeat, "category": test.category}


def skipped(test: TestRequest, kind: ErrorKind, message: str, *, attempt: int) -> Outcome:
    """A test that was never sent."""
    error = OutcomeError(kind=kind, message=message)
    return Outcome.model_validate({**identity(test), "status": "skipped", "error": error, "attempt": attempt})


def _status(error: ProviderError | None) -> Status:
    if error is None:
        return "success"
    return "timeout" if error.kind == "timeout" else "failure"


def _error(error: ProviderError | None) -> OutcomeError | None:
    if error is None:
        return None
    return OutcomeError(kind=error.kind, message=error.message, http_status=error.http_status)
