"""What all runners that share a provider's key may send, and when. Pure: `now_ms` is an argument.

Requests are slots in time, one after another, as in the generic cell rate algorithm (ITU-T I.371, annex A): a grant takes the
next free slots, some of them in the near future, so a limit of requests a minute holds in every minute, not only on average,
and nobody must ask again for each request. Tokens are taken by what a request may need and corrected by what it needed.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from benchfleet_contract.fleets.leases import KeyLimits

MOST_TURN_MS = 20_000  # those who waited before may have gone: nobody waits for longer than that for a turn
HORIZON_MS = 5_000  # how far ahead slots are given away: what a runner that dies has taken is lost
MINUTE_MS = 60_000
FORGET_MS = 120_000  # limits that nobody has named for so long hold no more
ASLEEP_MS = 60_000  # a runner that has not asked for so long gives up its share of max_concurrency
CUT, LEAST_SCALE = 0.7, 0.05
COOLDOWN_MS = 15_000  # after a cut: the refusals of what was on its way then are no news
GROWTH_PER_MS = 0.05 / 10_000  # of the full concurrency
BUSY_RETRY_MS = 1_000
REPEATS_MS = 120_000  # a request is repeated within this time, or never
MOST_ANSWERS = 500


@dataclass(frozen=True)
class Answered:
    """What a request with this `sequence` was granted, so that its repetition takes no slots again. Times are of the server."""

    at_ms: float
    sequence: int
    granted: int
    start_ms: float
    interval_ms: float
    retry_after_ms: int
    concurrency: int


@dataclass(frozen=True)
class Share:
    """Of a key's max_concurrency: how many requests at once a holder was told to have, and how many may be at work.

    `at_ms`: when it asked last. `held` is more than `told` while requests of an earlier, larger share may still be at work.
    """

    at_ms: float
    told: int
    held: int


@dataclass(frozen=True)
class Quota:
    """One key. `next_ms` and `tokens_ms` are when the next request, and the next token, is free; times are of the server.
    `turn_ms` is when the last of those who wait comes back.

    `scale` is the share of concurrency that was left at `cut_ms`. `limits` are the strictest that were named of late.
    """

    next_ms: float = 0.0
    tokens_ms: float = 0.0
    opens_ms: float = 0.0
    turn_ms: float = 0.0
    scale: float = 1.0
    cut_ms: float = 0.0
    rpm: int | None = None
    tpm: int | None = None
    limits_ms: float = 0.0
    holders: Mapping[str, Share] = field(default_factory=dict)
    answers: Mapping[str, Answered] = field(default_factory=dict)  # by holder: the last one, where there is a limit


@dataclass(frozen=True)
class Asked:
    """`holder` tells attempts apart. `correction_tokens`: used beyond what was set aside (negative: less).

    `in_flight` are at work now: with none, and nothing wanted, the holder has ended.
    """

    holder: str
    want: int
    concurrency: int
    limits: KeyLimits
    tokens_each: int = 0
    correction_tokens: int = 0
    throttled: int = 0
    retry_after_ms: float = 0.0
    sequence: int | None = None
    in_flight: int = 0

    @property
    def ends(self) -> bool:
        return not self.want and not self.in_flight


@dataclass(frozen=True)
class Grant:
    """As in LeaseReply."""

    granted: int
    start_after_ms: int
    interval_ms: float
    retry_after_ms: int
    concurrency: int


def take(quota: Quota, asked: Asked, *, now_ms: int) -> tuple[Quota, Grant]:
    """The key afterwards, and what is granted. The same quota comes back where there is nothing to remember.

    A repeated request (the same `sequence`) is granted what it was, and changes nothing.
    """
    before = quota.answers.get(asked.holder)
    if before and asked.sequence is not None and before.sequence == asked.sequence:
        return quota, _again(before, now_ms)
    quota = _throttled(_limited(quota, asked, now_ms), asked, now_ms)
    quota = replace(quota, tokens_ms=quota.tokens_ms + asked.correction_tokens * _each(quota.tpm))
    each_ms = max(_each(quota.rpm), asked.tokens_each * _each(quota.tpm))
    start_ms = max(now_ms, quota.opens_ms, quota.next_ms if quota.rpm else 0.0, quota.tokens_ms if quota.tpm else 0.0)
    quota, concurrency = _shared(quota, asked, now_ms)
    granted = _granted(start_ms, each_ms, asked.want, now_ms) if concurrency else 0
    if granted:
        quota = _taken(quota, asked, granted, start_ms)
    wait_ms = math.ceil(max(start_ms + granted * each_ms - now_ms - HORIZON_MS, 0)) + 1 if granted < asked.want else 0
    if not concurrency:
        wait_ms = max(wait_ms, BUSY_RETRY_MS)
    elif granted < asked.want and each_ms:
        quota, wait_ms = _turn(quota, (asked.want - granted) * each_ms, now_ms, wait_ms)
    start_after_ms = math.ceil(start_ms - now_ms) if granted else 0
    if asked.sequence is not None and (quota.rpm or quota.tpm or asked.limits.max_concurrency):
        said = Answered(now_ms, asked.sequence, granted, start_ms, each_ms, wait_ms, max(1, concurrency))
        quota = replace(quota, answers=_fresh(quota.answers, now_ms) | {asked.holder: said})
    return quota, Grant(granted, start_after_ms, each_ms, wait_ms, max(1, concurrency))


def scale_at(quota: Quota, now_ms: int) -> float:
    """The share of concurrency that is allowed: it grows slowly once the cool-down is over."""
    return min(1.0, quota.scale + max(0.0, now_ms - quota.cut_ms - COOLDOWN_MS) * GROWTH_PER_MS)


def quota_text(quota: Quota) -> str:
    return json.dumps(asdict(quota), sort_keys=True, separators=(",", ":"))


def quota_of_text(text: str) -> Quota:
    read = json.loads(text)
    answers = {holder: Answered(**said) for holder, said in read.get("answers", {}).items()}
    holders = {holder: Share(**share) for holder, share in read.get("holders", {}).items()}
    return Quota(**{**read, "answers": answers, "holders": holders})


def _again(said: Answered, now_ms: int) -> Grant:
    start_after_ms = max(0, math.ceil(said.start_ms - now_ms)) if said.granted else 0
    return Grant(said.granted, start_after_ms, said.interval_ms, said.retry_after_ms, said.concurrency)


def _fresh(answers: Mapping[str, Answered], now_ms: int) -> dict[str, Answered]:
    """Of those who may repeat a request still; of too many the newest: the item holds 400 KB."""
    fresh = {holder: said for holder, said in answers.items() if now_ms - said.at_ms <= REPEATS_MS}
    newest = sorted(fresh, key=lambda holder: fresh[holder].at_ms, reverse=True)[: MOST_ANSWERS - 1]
    return {holder: fresh[holder] for holder in newest}


def _each(per_minute: int | None) -> float:
    return MINUTE_MS / per_minute if per_minute else 0.0


def _granted(start_ms: float, each_ms: float, want: int, now_ms: int) -> int:
    if start_ms > now_ms + HORIZON_MS:
        return 0
    return want if not each_ms else min(want, int((now_ms + HORIZON_MS - start_ms) // each_ms) + 1)


def _turn(quota: Quota, needed_ms: float, now_ms: int, wait_ms: int) -> tuple[Quota, int]:
    """When all slots ahead are given away: a turn after those who wait already, and how long until then.

    All would come back for each slot that gets free, and all but one in vain. Half of the slots ahead are left when it is
    somebody's turn, so none is lost if that one does not come.
    """
    turn_ms = max(now_ms + wait_ms, quota.turn_ms + min(needed_ms, HORIZON_MS / 2))
    turn_ms = min(turn_ms, max(now_ms + wait_ms, now_ms + MOST_TURN_MS))
    return replace(quota, turn_ms=turn_ms), math.ceil(turn_ms - now_ms)


def _taken(quota: Quota, asked: Asked, granted: int, start_ms: float) -> Quota:
    next_ms = start_ms + granted * max(_each(quota.rpm), asked.tokens_each * _each(quota.tpm)) if quota.rpm else 0.0
    tokens_ms = start_ms + granted * asked.tokens_each * _each(quota.tpm) if quota.tpm else 0.0
    return replace(quota, next_ms=next_ms, tokens_ms=tokens_ms)


def _limited(quota: Quota, asked: Asked, now_ms: int) -> Quota:
    """With the stricter of the limits that are known; what was named long ago is forgotten."""
    if now_ms - quota.limits_ms > FORGET_MS:
        quota = replace(quota, rpm=None, tpm=None)
    rpm, tpm = _least(quota.rpm, asked.limits.rpm), _least(quota.tpm, asked.limits.tpm)
    if rpm or tpm:
        quota = replace(quota, rpm=rpm, tpm=tpm, limits_ms=now_ms)
    return quota


def _throttled(quota: Quota, asked: Asked, now_ms: int) -> Quota:
    """The provider refused: everybody who has this key waits as long as it said, and fewer go at once."""
    if not asked.throttled:
        return quota
    quota = replace(quota, opens_ms=max(quota.opens_ms, now_ms + asked.retry_after_ms))
    if quota.cut_ms and now_ms - quota.cut_ms < COOLDOWN_MS:
        return quota
    return replace(quota, scale=max(LEAST_SCALE, scale_at(quota, now_ms) * CUT), cut_ms=now_ms)


def _shared(quota: Quota, asked: Asked, now_ms: int) -> tuple[Quota, int]:
    """How many requests at once this holder may have; 0: others have all of max_concurrency, so it waits.

    Only what nobody else holds is given away. Who has more than its part is told so with its next question. It holds what it
    had until the question after that, when it is known to have heard, and says how many are at work.
    """
    own = max(1, int(asked.concurrency * scale_at(quota, now_ms)))
    if not asked.limits.max_concurrency:
        return quota, own
    awake = {name: share for name, share in quota.holders.items() if now_ms - share.at_ms <= ASLEEP_MS}
    others = {name: share for name, share in awake.items() if name != asked.holder}
    if asked.ends:
        return replace(quota, holders=others), own
    part = max(1, asked.limits.max_concurrency // (len(others) + 1))
    free = max(0, asked.limits.max_concurrency - sum(share.held for share in others.values()))
    before = quota.holders.get(asked.holder)
    told = min(own, part, free)
    mine = Share(now_ms, told, max(told, before.told if before else 0, asked.in_flight))
    return replace(quota, holders={**others, asked.holder: mine}), told


def _least(one: int | None, other: int | None) -> int | None:
    return min(one, other) if one and other else one or other
