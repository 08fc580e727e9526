"""`POST /fleets/runs/{id}/shards/{n}/leases`: quota, concurrency and budget in one request.

A runner asks before it sends, and tells with the same request what came of earlier leases. No key is ever sent:
`provider_key` is the provider's name and a fingerprint of the key.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Settled(BaseModel):
    """What one request of a lease really came to: `usd` and `tokens` of all its tries."""

    id: str
    usd: Usd = 0.0
    tokens: Annotated[int, Field(ge=0)] = 0


class LeaseRequest(BaseModel):
    """`want` requests, each of at most `reserve_usd_each` (0 where no price is known); `in_flight` are at work now.

    `throttled` counts the 429s since the last request; `retry_after_s` is what the provider asked for with the last one.
    """

    provider_key: Annotated[str, Field(min_length=1, max_length=200)]
    target: Annotated[str, Field(min_length=1, max_length=512)]
    want: Annotated[int, Field(ge=0, le=1000)]
    reserve_usd_each: Usd = 0.0
    settled: list[Settled] = []
    throttled: Annotated[int, Field(ge=0)] = 0
    retry_after_s: Annotated[float, Field(ge=0)] | None = None
    in_flight: Annotated[int, Field(ge=0)] = 0


class LeaseReply(BaseModel):
    """`granted` requests may be sent under `lease_id`, at most `concurrency` at a time.

    Nothing granted: ask again after `retry_after_ms`. `stop` says why nothing will be granted any more.
    """

    granted: int = 0
    lease_id: str | None = None
    retry_after_ms: int = 0
    concurrency: int | None = None
    budget_left_usd: float | None = None
    stop: Literal["budget", "stopped"] | None = None
