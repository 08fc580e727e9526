"""What came of one test of a fleet run: one line of a shard's journal, as the runner writes it and others read it.

A key is `<test_id>`, or `<test_id>#<repeat>` where tests are repeated. A journal may hold several lines of one key: `best`
says which of them counts. Times are in milliseconds; what each means is in docs/fleet-metrics.md.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from benchfleet_contract.document import Document

Status = Literal["success", "failure", "timeout", "skipped"]
FinishReason = Literal["stop", "length", "content_filter", "tool_calls", "error"]
ErrorKind = Literal[
    "authentication",  # 401 or 403, or no key in the runner's environment
    "rate_limited",  # 429 until the retries ran out
    "not_found",  # no such model or address
    "invalid_request",  # another 4xx: repeating it would give the same
    "context_length",  # the prompt does not fit the model
    "server",  # 5xx
    "network",  # refused, reset, no such host
    "cut",  # the stream ended before the provider said that the answer is complete
    "malformed",  # a chunk or a body that is not what the protocol says
    "empty",  # a complete answer without a token
    "timeout",  # no complete answer in time
    "budget",  # skipped: max_cost would be passed
    "stopped",  # skipped: the run was stopped
    "failed_before",  # skipped: another test failed and continue_on_failure is false
    "internal",  # a fault of the runner
]


class Usage(Document):
    """Tokens. `cached` prompt tokens are among `prompt_tokens`, `reasoning` tokens among `completion_tokens`."""

    model_config = ConfigDict(extra="forbid")

    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)
    total_tokens: int = Field(ge=0)
    cached: int | None = Field(default=None, ge=0)
    reasoning: int | None = Field(default=None, ge=0)


class Response(Document):
    """A provider's answer. `model` is the one that it says it used; `created_at` is in Unix seconds."""

    model_config = ConfigDict(extra="forbid")

    id: str
    model: str
    content: str
    usage: Usage
    finish_reason: FinishReason
    created_at: int


class OutcomeError(Document):
    """Why there is no answer. `http_status` is None where no response came."""

    model_config = ConfigDict(extra="forbid")

    kind: ErrorKind
    message: str
    http_status: int | None = None


class Grade(Document):
    """What a pattern, a schema, a process or a model said of an answer, before weight, threshold and negation.

    `score` is from 0 to 1; None with an `error`: nobody knows. `passed` None: the threshold decides. `tokens` and `cost_usd`
    are those of the model that judged.
    """

    model_config = ConfigDict(extra="forbid")

    score: float | None = Field(default=None, ge=0, le=1)
    passed: bool | None = None
    reason: str | None = None
    error: str | None = None
    tokens: int | None = Field(default=None, ge=0)
    cost_usd: float | None = Field(default=None, ge=0)
    price_source: str | None = None


class Outcome(Document):
    """One line of a journal.

    A line with `grading` only adds `grades` (by `grade_key`) to the answer that the journal has of this key.

    `intended_at` and `sent_at` are Unix seconds: when the request should have left by the load model, and when the try
    that counts left. `duration_ms` is that try alone; `retry_wait_ms` all waiting between tries, `queue_ms` what passed
    from `intended_at` to the first try. `attempt` is the attempt of the shard's task that sent it.
    """

    model_config = ConfigDict(extra="forbid")

    key: str
    test_id: str
    repeat: int = Field(default=1, ge=1)
    category: str | None = None
    status: Status
    response: Response | None = None
    usage_source: Literal["reported", "counted"] | None = None
    error: OutcomeError | None = None
    intended_at: float | None = None
    sent_at: float | None = None
    duration_ms: float = Field(default=0.0, ge=0)
    queue_ms: float = Field(default=0.0, ge=0)
    retry_wait_ms: float = Field(default=0.0, ge=0)
    ttft_ms: float | None = None
    itl_ms: list[float] | None = None
    tpot_ms: float | None = None
    e2el_ms: float | None = None
    tries: int = Field(default=0, ge=0)
    cost_usd: float | None = None
    price_source: str | None = None
    truncated: bool = False  # `response.content` was cut to what a result may hold
    attempt: int = Field(default=1, ge=1)
    cached: bool = False  # the answer of an earlier run: nothing was sent, timed or paid
    grades: dict[str, Grade] = {}
    grading: bool = False

    def line(self) -> str:
        """As a line of a journal, with its line end."""
        return json.dumps(self.model_dump(mode="json"), separators=(",", ":")) + "\n"

    @property
    def settled(self) -> bool:
        """Is there nothing to send any more? Failures are as settled as successes; what was skipped is not."""
        return self.status != "skipped"


def best(outcomes: Iterable[Outcome]) -> dict[str, Outcome]:
    """Key → the outcome that counts: the first success, else the last of the others. In the order of first lines.

    A skipped test never replaces one that was sent: it says nothing new.
    """
    found: dict[str, Outcome] = {}
    for outcome in outcomes:
        before = found.get(outcome.key)
        if outcome.grading:
            if before and before.status == "success":
                found[outcome.key] = before.model_copy(update={"grades": {**before.grades, **outcome.grades}})
        elif before is None or (before.status != "success" and (outcome.settled or not before.settled)):
            found[outcome.key] = outcome
    return found


def read_journal(text: str) -> list[Outcome]:
    """The outcomes of a journal. A last line without its end was cut off by a crash and is left out.

    Raises ValueError for any other line that does not read, with its number.
    """
    *lines, _cut = text.split("\n")
    return [_outcome(line, number) for number, line in enumerate(lines, start=1) if line.strip()]


def _outcome(line: str, number: int) -> Outcome:
    try:
        return Outcome.model_validate_json(line)
    except ValidationError as error:
        raise ValueError(f"journal, line {number}: not an outcome ({error.error_count()} problems)") from None


def summed(outcomes: Iterable[Outcome]) -> Mapping[str, Any]:
    """How many of each status, `total` and the money that was spent (0.0 where no price is known)."""
    counts: dict[str, Any] = {"success": 0, "failure": 0, "timeout": 0, "skipped": 0, "total": 0, "cost_usd": 0.0}
    for outcome in outcomes:
        counts[outcome.status] += 1
        counts["total"] += 1
        counts["cost_usd"] += outcome.cost_usd or 0.0
    return counts
