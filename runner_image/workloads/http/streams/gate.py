"""The gate before a stream load: does it echo, do events come one by one, and is each the right one?"""

import secrets
import time
from collections.abc import Collection
from itertools import islice

import httpx
from benchfleet_contract.authorities import authorities
from httpx_sse import SSEError, connect_sse
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect

from runner_image.workloads.http.contract.gate import NOT_THERE, Verdict
from runner_image.workloads.http.streams.bounded import bound
from runner_image.workloads.http.streams.plan import Protocol, target
from runner_image.workloads.http.streams.sse import EARLY_S, is_tick
from runner_image.workloads.http.whole import Sockets, within

COUNT, INTERVAL_S = 3, 0.05
TIMEOUT_S = 5.0  # of each part
LONGEST_S = 10.0  # of all events
_NOT_UPGRADED = (*NOT_THERE, 200, 400, 426)  # what an app without WebSockets says to one


def verify(
    port: int,
    protocol: Protocol,
    *,
    capabilities: Collection[str] | None,
    host: str = "127.0.0.1",
    longest_s: float = LONGEST_S,
) -> Verdict:
    """Raises nothing: a dead server fails. `capabilities` as for the gate of requests; `longest_s`: of all events."""
    if capabilities is not None and protocol not in capabilities:
        return Verdict(protocol, "unsupported", (f"the app does not declare {protocol}",))
    try:
        found = _websocket(host, port) if protocol == "websocket" else _sse(host, port, longest_s)
    except (httpx.HTTPError, WebSocketException, OSError, EOFError, SSEError) as error:
        return Verdict(protocol, "fail", (f"no whole stream: {type(error).__name__}: {error}",))
    if isinstance(found, int):
        words = (f"GET {target(protocol, count=COUNT, interval_s=INTERVAL_S)} answered {found}",)
        return Verdict(protocol, "unsupported" if capabilities is None else "fail", words)
    return Verdict(protocol, "fail" if found else "pass", tuple(found))


def _websocket(host: str, port: int) -> list[str] | int:
    """What is wrong, or the status where there is no WebSocket."""
    words = [secrets.token_hex(4), '{"text": "ü"}']
    try:
        with connect(
            f"ws://{host}:{port}{target('websocket', count=COUNT, interval_s=INTERVAL_S)}",
            compression=None, open_timeout=TIMEOUT_S, close_timeout=TIMEOUT_S, proxy=None,
        ) as socket:  # fmt: skip
            for word in words:
                socket.send(word)
            back = [socket.recv(timeout=TIMEOUT_S) for _ in words]
    except InvalidStatus as error:
        status = error.response.status_code
        if status in _NOT_UPGRADED:
            return status
        raise
    return [] if back == words else [f"echo: expected {words}, got {back}"]


def _sse(host: str, port: int, longest_s: float) -> list[str] | int:
    sockets, asked = Sockets(), target("sse", count=COUNT, interval_s=INTERVAL_S)
    with (
        httpx.Client(
            base_url=f"http://{host}:{port}", timeout=TIMEOUT_S, trust_env=False, verify=authorities({})
        ) as client,
        within(longest_s, sockets.shut_down),
    ):
        began = time.monotonic()
        with connect_sse(client, "GET", asked, extensions=sockets.extensions) as source:
            if source.response.status_code in NOT_THERE:
                return source.response.status_code
            source.response.raise_for_status()
            bound(source.response, events=COUNT + 1)
            came = [(event, time.monotonic() - began) for event in islice(source.iter_sse(), COUNT + 1)]
    if len(came) != COUNT:
        return [f"events: expected {COUNT}, got {len(came)}"]
    reasons = [f"event {number}: got id {event.id!r}, data {event.data!r}" for number, (event, _) in enumerate(came)
               if not is_tick(event, number)]  # fmt: skip
    if came[-1][1] - came[0][1] < INTERVAL_S:
        reasons.append("events came all at once: something holds them back")
    elif came[-1][1] < (COUNT - 1) * INTERVAL_S - EARLY_S:
        reasons.append(f"events came before they were due, every {INTERVAL_S:g} s: the interval is ignored")
    return reasons
