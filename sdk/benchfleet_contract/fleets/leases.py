"""`POST /fleets/runs/{id}/shards/{n}/leases`: quota, concurrency and budget in one request.

A runner asks before it sends, and tells with the same request what came of earlier leases. No key is ever sent:
`provider_key` is the provider's name and a fingerprint of the key.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from benchfleet_contract.document import Document

Usd = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Limit = Annotated[int, Field(ge=1, le=1_000_000_000)]


class KeyLimits(Document):
    """What a provider allows for one key: requests and tokens a minute, requests at once. None: no limit is known."""

    rpm: Limit | None = None
    tpm: Limit | None = None
    max_concurrency: Limit | None = None


class Settled(Document):
    """What one request of a lease really came to: `id` is the lease's, `usd` and `tokens` are of all its tries.

    A request that was granted and never sent is settled with 0 of both. `reserved_usd` is what was set aside for it; None: what
    the lease says.
    """

    id: Annotated[str, Field(min_length=1, max_length=64)]
    usd: Usd = 0.0
    reserved_usd: Usd | None = None
    tokens: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0


class LeaseRequest(Document):
    """`want` requests; `in_flight` are at work now. `reserve_usd` has what each of them may cost at most, in the order in which
    they are granted; empty: each costs at most `reserve_usd_each`.

    `want` 0 only settles. `throttled` counts the 429s since the last request; `retry_after_s` is what the provider asked for
    with the last one. `sequence` rises by one with each request of an attempt: one that is repeated after a lost response has
    the same, and neither settles nor reserves again. `concurrency` is what the shard is configured for.
    """

    provider_key: Annotated[str, Field(min_length=1, max_length=200)]
    target: Annotated[str, Field(min_length=1, max_length=512)]
    want: Annotated[int, Field(ge=0, le=1000)]
    reserve_usd_each: Usd = 0.0
    reserve_usd: Annotated[list[Usd], Field(max_length=1000)] = []
    reserve_tokens_each: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    settled: Annotated[list[Settled], Field(max_length=1000)] = []
    throttled: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    retry_after_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] | None = None
    in_flight: Annotated[int, Field(ge=0, le=100_000)] = 0
    sequence: Annotated[int, Field(ge=1, le=2**53)] | None = None
    concurrency: Annotated[int, Field(ge=1, le=100_000)] = 1
    limits: KeyLimits = KeyLimits()

    @model_validator(mode="after")
    def _one_amount_for_each(self) -> "LeaseRequest":
        if self.reserve_usd and len(self.reserve_usd) != self.want:
            raise ValueError(
                f"reserve_usd has {len(self.reserve_usd)} amounts for {self.want} requests: give one for each"
            )
        return self


class LeaseReply(Document):
    """The first `granted` requests of those that were wanted may be sent under `lease_id`, at most `concurrency` at a time.

    The first may be sent `start_after_ms` after this response came, each other one `interval_ms` after the one before: so a
    limit of requests a minute is kept without another request. Fewer granted than wanted: ask again after `retry_after_ms`.
    `budget_left_usd` is None in a run without `max_cost`. `stop` says why nothing will be granted any more: `budget`, that the
    first one wanted, and what costs as much, can never be paid; cheaper ones may be asked for.
    """

    granted: int = 0
    lease_id: str | None = None
    start_after_ms: int = 0
    interval_ms: float = 0.0
    retry_after_ms: int = 0
    concurrency: int | None = None
    budget_left_usd: float | None = None
    stop: Literal["budget", "stopped"] | None = None
