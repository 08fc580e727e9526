"""What the stream load is told, as a file. Message `k` of a stream is due `k * interval_s` after the stream itself was due."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

Protocol = Literal["websocket", "sse"]
PATHS: dict[Protocol, str] = {"websocket": "/ws/echo", "sse": "/sse/ticks"}
DRAIN_S = 5.0


@dataclass(frozen=True)
class StreamPlan:
    """`connections` streams, opened one after the other within the first interval, each with `messages`.

    `drain_s`: how long messages may still come after the last was due.
    """

    protocol: Protocol
    host: str
    port: int
    connections: int
    interval_s: float
    duration_s: float
    drain_s: float = DRAIN_S

    @property
    def messages(self) -> int:
        """Of one stream."""
        return max(2, round(self.duration_s / self.interval_s))

    @property
    def expected(self) -> int:
        return self.messages * self.connections

    @property
    def target(self) -> str:
        """Path and query."""
        return target(self.protocol, count=self.messages, interval_s=self.interval_s)

    def opens_at(self, number: int) -> float:
        """Seconds from the start at which stream `number` is due."""
        return self.interval_s * number / self.connections

    def as_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def of_json(cls, text: bytes) -> "StreamPlan":
        return cls(**json.loads(text))


def target(protocol: Protocol, *, count: int, interval_s: float) -> str:
    """A WebSocket echoes whatever it gets; events come by themselves."""
    query = f"?count={count}&interval_ms={interval_s * 1000:g}" if protocol == "sse" else ""
    return f"{PATHS[protocol]}{query}"
