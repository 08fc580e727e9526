"""The gate before any load: is each workload answered rightly, by status, headers and body? Wrong answers are not measured.

A second request with other values shows that answers are made and not canned; a validated twin has to refuse what is not
valid with 400. `unsupported` is no failure: the app says that it lacks a suite, or, where it says nothing, answers 404,
405 or 501.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

import httpx
from benchfleet_contract.authorities import authorities

from runner_image.workloads.http.contract.comparing import differences
from runner_image.workloads.http.contract.workload import Exchange, HttpWorkload
from runner_image.workloads.http.whole import Sockets, within

TIMEOUT_S = 10.0  # of each part of an answer
LONGEST_S = 30.0  # of a whole one
NOT_THERE = (404, 405, 501)
LONGEST_BODY = 16 * 1024 * 1024  # an endless answer must not fill the memory

Status = Literal["pass", "unsupported", "fail"]


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one workload. `body`: the right answer as this server writes it, which load is checked against."""

    workload: str
    status: Status
    reasons: tuple[str, ...] = ()
    body: bytes | None = None
    content_type: str | None = None


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes


def verify(
    base_url: str,
    workload: HttpWorkload,
    *,
    capabilities: Collection[str] | None = None,
    timeout_s: float = TIMEOUT_S,
    longest_s: float = LONGEST_S,
) -> Verdict:
    """`capabilities`: suites that the app declares; None: it declares nothing. Raises nothing: a dead server fails."""
    return verify_all(base_url, (workload,), capabilities=capabilities, timeout_s=timeout_s, longest_s=longest_s)[0]


def verify_all(
    base_url: str,
    workloads: Iterable[HttpWorkload],
    *,
    capabilities: Collection[str] | None = None,
    timeout_s: float = TIMEOUT_S,
    longest_s: float = LONGEST_S,
) -> list[Verdict]:
    """One verdict for each workload, in order. `timeout_s`: of each part of an answer; `longest_s`: of a whole one."""
    with httpx.Client(base_url=base_url, timeout=timeout_s, trust_env=False, verify=authorities({})) as client:
        asking = _Asking(client, longest_s)
        return [_verdict(asking, one, capabilities) for one in workloads]


def _verdict(asking: "_Asking", one: HttpWorkload, capabilities: Collection[str] | None) -> Verdict:
    if capabilities is not None and one.suite not in capabilities:
        return Verdict(one.name, "unsupported", (f"the app does not declare {one.suite}",))
    try:
        answer = asking(one.exchange)
        if capabilities is None and answer.status in NOT_THERE and answer.status != one.exchange.status:
            return Verdict(one.name, "unsupported", (f"{one.method} {one.path} answered {answer.status}",))
        reasons = [*_wrong(one.exchange, answer), *_others_wrong(asking, one)]
    except _NoAnswer as error:
        return Verdict(one.name, "fail", (str(error),))
    if reasons:
        return Verdict(one.name, "fail", tuple(reasons))
    return Verdict(one.name, "pass", (), answer.body, answer.headers.get("content-type"))


class _NoAnswer(Exception):
    """No whole answer came."""


class _Asking:
    """Asks one thing after the other, each within `longest_s`."""

    def __init__(self, client: httpx.Client, longest_s: float) -> None:
        self._client, self._longest_s, self._sockets = client, longest_s, Sockets()

    def __call__(self, exchange: Exchange) -> _Answer:
        asked = f"{exchange.method} {exchange.target}"
        with within(self._longest_s, self._sockets.shut_down) as over:
            try:
                return self._answer(exchange)
            except _NoAnswer as error:
                raise _NoAnswer(f"{asked}: {error}") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                late = f"the answer was not whole after {self._longest_s:g} s"
                why = late if over.is_set() else f"no whole answer: {type(error).__name__}: {error}"
                raise _NoAnswer(f"{asked}: {why}") from error

    def _answer(self, exchange: Exchange) -> _Answer:
        body = bytearray()
        with self._client.stream(
            exchange.method, exchange.target, headers=dict(exchange.headers), content=exchange.body or None,
            extensions=self._sockets.extensions,
        ) as response:  # fmt: skip
            for piece in response.iter_bytes():
                body += piece
                if len(body) > LONGEST_BODY:
                    raise _NoAnswer(f"the answer is longer than {LONGEST_BODY} bytes")
        return _Answer(response.status_code, response.headers, bytes(body))


def _others_wrong(asking: _Asking, one: HttpWorkload) -> list[str]:
    reasons = []
    for exchange in (*one.others, *one.refused):
        wrong = _wrong(exchange, asking(exchange))
        what = f"with {exchange.why}" if exchange.why else "with other values"
        reasons += [f"{what}: {reason}" for reason in wrong]
    return reasons


def _wrong(exchange: Exchange, answer: _Answer) -> list[str]:
    """Why an answer is not the right one; empty: it is."""
    if answer.status != exchange.status:
        start = answer.body[:200].decode(errors="replace").strip()
        return [f"status: expected {exchange.status}, got {answer.status}: {start}"]
    reasons = [
        f"header {name}: expected {value!r}, got {answer.headers.get(name)!r}"
        for name, value in exchange.answer_headers
        if answer.headers.get(name) != value
    ]
    return reasons if exchange.any_answer else [*reasons, *_wrong_body(exchange, answer)]


def _wrong_body(exchange: Exchange, answer: _Answer) -> list[str]:
    if exchange.answer_text is not None:
        return _wrong_text(exchange.answer_text, answer.body.decode(errors="replace"))
    kind = answer.headers.get("content-type", "")
    if not kind.startswith("application/json"):
        return [f"header Content-Type: expected application/json, got {kind!r}"]
    try:
        got = json.loads(answer.body)
    except ValueError as error:
        return [f"body: no JSON ({error}), {len(answer.body)} bytes"]
    return differences(exchange.answer, got)


def _wrong_text(expected: str, got: str) -> list[str]:
    """A JSON document of the text serves as well: what a framework writes is its own affair."""
    if expected in (got, got.strip()) or got == json.dumps(expected):
        return []
    return [f"body: expected {expected[:60]!r}, got {got[:60]!r}"]
