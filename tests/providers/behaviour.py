"""What the server does with a request: timings in seconds, tokens, faults."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Behaviour:
    """How one request is answered.

    `pieces` are the streamed chunks of text; without them there are `tokens` pieces ` w0`, ` w1`, … `reported` False leaves
    the usage out; `completion_tokens` defaults to the number of pieces. `status` other than 200 answers with an error of
    the protocol's form. `cut_after` pieces the connection is dropped, `malformed_at` that piece the chunk is no JSON;
    `hang` sends nothing at all; `error_after` pieces an error comes inside the stream. `split` writes each event in two
    parts, in the middle of a character where there is one of several bytes. `raw` is written as it is, each part by itself, and
    the connection closed; with `hang` it stays open.
    """

    ttft_s: float = 0.0
    itl_s: float = 0.0
    tail_s: float = 0.0
    tokens: int = 4
    pieces: tuple[str, ...] | None = None
    thoughts: tuple[str, ...] = ()
    prompt_tokens: int = 7
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reported: bool = True
    finish: str = "stop"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "told to fail"
    code: str | None = None
    cut_after: int | None = None
    error_after: int | None = None
    malformed_at: int | None = None
    hang: bool = False
    split: bool = False
    raw: tuple[bytes, ...] | None = None

    @property
    def text(self) -> tuple[str, ...]:
        return self.pieces if self.pieces is not None else tuple(f" w{number}" for number in range(self.tokens))

    @property
    def generated(self) -> int:
        return self.completion_tokens if self.completion_tokens is not None else len(self.text) + len(self.thoughts)


@dataclass
class Rule:
    """A behaviour for the requests that match: by a part of the model's name or the prompt, every n-th, n times."""

    behaviour: Behaviour
    model: str = ""
    prompt: str = ""
    every: int = 1
    times: int | None = None
    seen: int = 0
    used: int = 0

    def takes(self, model: str, prompt: str) -> bool:
        if self.model not in model or self.prompt not in prompt:
            return False
        self.seen += 1
        if self.seen % self.every or (self.times is not None and self.used >= self.times):
            return False
        self.used += 1
        return True


@dataclass
class Asked:
    """A request as it came. `at` and `written` are on the machine's monotonic clock: when it came, each piece's time."""

    path: str
    model: str
    prompt: str
    body: dict[str, Any]
    headers: dict[str, str]
    at: float
    status: int = 200
    written: list[float] = field(default_factory=list)
    closed_early: bool = False
