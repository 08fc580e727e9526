"""What the stream load is told, as a file. Message `k` of a stream is due `k * interval_s` after the stream itself was due."""

import json
import math
from dataclasses import asdict, dataclass
from typing import Literal

Protocol = Literal["websocket", "sse"]
PATHS: dict[Protocol, str] = {"websocket": "/ws/echo", "sse": "/sse/ticks"}
DRAIN_S = 5.0
FEWEST = 2  # messages of a stream: the first carries its opening


@dataclass(frozen=True)
class StreamPlan:
    """`connections` streams, opened one after the other within `rounds` intervals, each with `messages`.

    `drain_s`: how long messages may still come after the last was due. Raises ValueError for a plan without a load.
    """

    protocol: Protocol
    host: str
    port: int
    connections: int
    interval_s: float
    duration_s: float
    drain_s: float = DRAIN_S
    rounds: int = 1

    def __post_init__(self) -> None:
        for name in ("connections", "rounds"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} ({getattr(self, name)}) must be 1 or more")
        for name in ("interval_s", "duration_s"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} ({getattr(self, name)}) must be more than 0, and a number")
        if self.messages < FEWEST:
            least = FEWEST * self.interval_s
            raise ValueError(f"duration_s ({self.duration_s:g}) must hold two messages or more: at least {least:g}")

    @property
    def messages(self) -> int:
        """Of one stream."""
        return round(self.duration_s / self.interval_s)

    @property
    def opening_s(self) -> float:
        return self.rounds * self.interval_s

    @property
    def expected(self) -> int:
        return self.messages * self.connections

    @property
    def target(self) -> str:
        """Path and query."""
        return target(self.protocol, count=self.messages, interval_s=self.interval_s)

    def opens_at(self, number: int) -> float:
        """Seconds from the start at which stream `number` is due. No two have the same place in the interval."""
        return self.interval_s * (number % self.rounds + number / self.connections)

    def as_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def of_json(cls, text: bytes) -> "StreamPlan":
        return cls(**json.loads(text))


def target(protocol: Protocol, *, count: int, interval_s: float) -> str:
    """A WebSocket echoes whatever it gets; events come by themselves."""
    query = f"?count={count}&interval_ms={interval_s * 1000:g}" if protocol == "sse" else ""
    return f"{PATHS[protocol]}{query}"
