"""What the generator is told, as a file, and the times of its requests."""

import base64
import json
import random
from array import array
from dataclasses import asdict, dataclass
from typing import Any

from runner_image.workloads.http.load.driver import Request, Target

DRAIN_S = 5.0


@dataclass(frozen=True)
class Plan:
    """`rate`: requests a second. `drain_s`: how long answers may still come after the last request was due."""

    target: Target
    request: Request
    rate: float
    duration_s: float
    connections: int
    keep_alive: bool = True
    seed: int = 0
    drain_s: float = DRAIN_S

    def as_json(self) -> bytes:
        told = asdict(self)
        for name in ("body", "response_body"):
            told["request"][name] = _text(told["request"][name])
        return json.dumps(told).encode()

    @classmethod
    def of_json(cls, text: bytes) -> "Plan":
        told: dict[str, Any] = json.loads(text)
        target, request = Target(**told.pop("target")), told.pop("request")
        request["headers"] = tuple(tuple(pair) for pair in request["headers"])
        request |= {name: _raw(request[name]) for name in ("body", "response_body")}
        return cls(target=target, request=Request(**request), **told)


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


def _raw(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def due_times(*, rate: float, duration_s: float, seed: int) -> "array[float]":
    """Seconds from the start, ascending: a Poisson process, given how many of its events fell into the time.

    Given their number, the events of a Poisson process are independent and uniform (Kingman, Poisson Processes, 2.4): the
    rate is exact, and no two connections tick in phase.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    return array("d", sorted(draw.random() * duration_s for _ in range(round(rate * duration_s))))


def wire(plan: Plan) -> bytes:
    """The bytes of one request."""
    request, target = plan.request, plan.target
    lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {target.host}:{target.port}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(request.body)}")
    if not plan.keep_alive:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode() + request.body
