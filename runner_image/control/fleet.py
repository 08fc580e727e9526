"""A shard's dealings with the control plane, over its attempt's session and the bucket's signed URLs."""

import gzip
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from benchfleet_contract.fleets.leases import LeaseReply, LeaseRequest
from benchfleet_contract.fleets.outcomes import Outcome, best, read_journal, summed
from benchfleet_contract.fleets.runs import JournalReply, JournalRequest, ShardProgress, ShardReply
from benchfleet_contract.registry.models import SelectRequest

from runner_image.control.session import LeaseLost, NotFound, Refused, Session, SessionError, parsed
from runner_image.errors import TaskError
from runner_image.retries import Passing, Retrier
from runner_image.stopping import Stop, StopReason

TELL_S = 2.0
MOST_JOURNAL_BYTES = 512 * 1024**2  # of one chunk, unpacked
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class _Place:
    """Where a chunk goes. `until` is of the retrier's clock."""

    number: int
    url: str
    headers: dict[str, str]
    until: float


class _StoreError(Passing):
    """The bucket did not take or give what it was to."""


class FleetSession:
    """`own` speaks for the attempt, `runner` for the runner. See FleetControl in runner_image/workloads/protocol.py."""

    def __init__(
        self,
        own: Session,
        runner: Session,
        *,
        run_id: str,
        shard: int,
        store: httpx.Client,
        retry: Retrier,
        stop: Stop,
    ) -> None:
        self._own, self._runner, self._store = own, runner, store
        self._retry, self._stop = retry, stop
        self._path = f"/fleets/runs/{quote(run_id, safe='')}/shards/{shard}"
        self._place: _Place | None = None
        self._kept: dict[str, Outcome] = {}

    def work(self) -> tuple[dict[str, Any], list[Outcome]]:
        reply = self._asked(lambda: parsed(ShardReply, self._own.call("GET", self._path)))
        shard: Any = reply.shard
        if shard is None:
            url = reply.shard_url or ""
            shard = self._asked(lambda: json.loads(self._got(url)))
        lines: list[Outcome] = []
        for url in reply.journals:
            lines += self._asked(lambda url=url: _outcomes(self._got(url)))  # type: ignore[misc]
        self._note(lines)
        return shard, lines

    def keep(self, number: int, outcomes: Sequence[Outcome]) -> None:
        self._note(outcomes)
        content = gzip.compress("".join(each.line() for each in outcomes).encode(), mtime=0)

        def put() -> None:
            place, self._place = self._place_of(number), None
            self._put(place.url, content, place.headers)
            self._place = place  # one that failed may have expired

        self._asked(put)

    def lease(self, request: LeaseRequest) -> LeaseReply:
        return self._asked(lambda: parsed(LeaseReply, self._own.call("POST", f"{self._path}/leases", request)))

    def select(self, model: str) -> str:
        """What an executor announces as its endpoint; below `/v1` its models answer as OpenAI's do."""
        try:
            reply = self._asked(lambda: self._runner.call("POST", "/models/select", SelectRequest(model_id=model)))
        except TaskError as error:
            raise LookupError(str(error)) from None
        endpoint = (reply.get("executor") or {}).get("endpoint")
        if not endpoint:
            raise LookupError(
                f"no executor with an endpoint serves {model!r} now: announce one with --advertise-endpoint"
            )
        address = str(endpoint).rstrip("/")
        return address if address.endswith("/v1") else f"{address}/v1"

    def _place_of(self, number: int) -> "_Place":
        """Asked for anew every few seconds, and the control plane told with it how far the shard is."""
        now = self._retry.clock()
        if self._place and self._place.number == number and now < self._place.until:
            return self._place
        request = JournalRequest(first=number, count=1, progress=self._progress())
        reply = parsed(JournalReply, self._own.call("POST", f"{self._path}/journal", request))
        return _Place(number, reply.urls[0], reply.required_headers, now + TELL_S)

    def _note(self, outcomes: Sequence[Outcome]) -> None:
        """Without their answers: for the progress alone."""
        light = [each.model_copy(update={"response": None, "itl_ms": None}) for each in outcomes]
        self._kept = best([*self._kept.values(), *light])

    def _progress(self) -> ShardProgress:
        outcomes = list(self._kept.values())
        counts = summed(outcomes)
        known = [each.ttft_ms for each in outcomes if each.status == "success" and each.ttft_ms is not None]
        priced = any(each.cost_usd is not None for each in outcomes)
        return ShardProgress(
            success=counts["success"],
            failure=counts["failure"],
            timeout=counts["timeout"],
            skipped=counts["skipped"],
            cost_usd=counts["cost_usd"] if priced else None,
            unpriced=sum(each.status == "success" and each.cost_usd is None for each in outcomes),
            ttft_ms=median(known) if known else None,
        )

    def _asked(self, call: Callable[[], Answer]) -> Answer:
        try:
            return self._retry(lambda _failures: call())
        except LeaseLost:
            self._stop.set(StopReason.LEASE_LOST)
            self._stop.check()
            raise
        except NotFound as error:
            raise TaskError(f"The control plane knows no such shard: {error}", error_type="no_such_shard") from None
        except Refused as error:
            raise TaskError(f"The control plane refused: {error}", error_type="fleet_refused") from None
        except (SessionError, _StoreError) as error:
            raise TaskError(f"The control plane stays away: {error}", error_type="control_plane_away") from None

    def _got(self, url: str) -> bytes:
        try:
            answer = self._store.get(url)
        except httpx.HTTPError as error:
            raise _StoreError(f"{type(error).__name__}") from None
        if answer.status_code != 200:
            raise _StoreError(f"the bucket answered {answer.status_code}")
        return answer.content

    def _put(self, url: str, content: bytes, headers: dict[str, str]) -> None:
        try:
            answer = self._store.put(url, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise _StoreError(f"{type(error).__name__}") from None
        if not answer.is_success:
            raise _StoreError(f"the bucket answered {answer.status_code}")


def _outcomes(content: bytes) -> list[Outcome]:
    """Raises TaskError for what is no journal: whoever wrote it, no test may be sent twice because of it."""
    try:
        with gzip.open(io.BytesIO(content)) as file:
            return read_journal(file.read(MOST_JOURNAL_BYTES).decode())
    except (OSError, EOFError, ValueError) as error:
        raise TaskError(f"An earlier attempt's journal does not read: {error}", error_type="bad_journal") from None
