"""Leave to send: slots in time for all runners of a key, fewer at once after a refusal."""

import itertools
import random
from dataclasses import replace

import pytest
from benchfleet_contract.fleets.leases import KeyLimits, LeaseReply, LeaseRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fleet_runners import Runners
from chalicelib.domain.fleet_quota import (
    BUSY_RETRY_MS,
    COOLDOWN_MS,
    HORIZON_MS,
    LEAST_SCALE,
    MOST_ANSWERS,
    MOST_TURN_MS,
    REPEATS_MS,
    Asked,
    Quota,
    quota_of_text,
    quota_text,
    scale_at,
    take,
)
from tests.each_case import each_case

NOW = 1_700_000_000_000
NONE = KeyLimits()


def asked(want: int = 1, limits: KeyLimits = NONE, **more: float) -> Asked:
    return Asked("a", want, 10, limits, **more)  # type: ignore[arg-type]


def test_without_limits_everything_is_granted_at_once_and_nothing_is_remembered() -> None:
    quota, grant = take(Quota(), asked(50), now_ms=NOW)
    assert (quota, grant.granted, grant.start_after_ms, grant.interval_ms, grant.concurrency) == (Quota(), 50, 0, 0, 10)


class Shared:
    """A key's quota; a control plane of nothing else."""

    def __init__(self) -> None:
        self.quota = Quota()

    def ask(self, runner: int, request: LeaseRequest, now_ms: float) -> LeaseReply:
        one = Asked(str(runner), request.want, request.concurrency, request.limits, sequence=request.sequence)
        self.quota, grant = take(self.quota, one, now_ms=int(now_ms))
        return LeaseReply(lease_id="1.0.0", **vars(grant))


@pytest.mark.parametrize(
    ("runners", "questions"),
    [
        (Runners(Shared().ask, KeyLimits(rpm=100), seed=1), 0.6),
        (Runners(Shared().ask, KeyLimits(rpm=100), seed=2, answer_ms=30_000, senders=10), 0.6),
        (Runners(Shared().ask, KeyLimits(rpm=100), seed=3, runners=1, senders=40), 0.3),
        (Runners(Shared().ask, KeyLimits(rpm=1_200), senders=50), 0.1),
    ],
)
def test_runners_that_share_a_key_keep_its_limit_and_use_it_and_ask_seldom(runners: Runners, questions: float) -> None:
    runners.run(from_ms=NOW, until_ms=NOW + 300_000)
    rpm = runners.limits.rpm or 0
    assert runners.busiest_minute() <= 1.02 * rpm
    assert runners.within(NOW + 60_000, NOW + 300_000) >= 0.9 * 4 * rpm
    assert runners.questions < questions * len(runners.sent_ms)


def test_who_finds_all_slots_given_away_gets_a_turn_and_all_turns_differ() -> None:
    limits, quota = KeyLimits(rpm=100), Quota()
    quota, first = take(quota, Asked("a", 100, 10, limits), now_ms=NOW)
    turns = []
    for runner in "bcdefghijklmnop":
        quota, grant = take(quota, Asked(runner, 100, 10, limits), now_ms=NOW)
        turns.append(grant.retry_after_ms)
    assert first.granted == HORIZON_MS // 600 + 1
    assert turns[:5] == sorted(set(turns[:5]))
    assert max(turns) == MOST_TURN_MS
    _, grant = take(quota, Asked("b", 100, 10, limits), now_ms=NOW + turns[0])
    assert grant.granted >= 4


def test_the_strictest_limit_that_was_named_of_late_holds() -> None:
    quota, _ = take(Quota(), asked(1, KeyLimits(rpm=60)), now_ms=NOW)
    quota, grant = take(quota, asked(2, KeyLimits(rpm=6000)), now_ms=NOW)
    assert (grant.start_after_ms, grant.interval_ms) == (1_000, 1_000)
    _, grant = take(quota, asked(2, KeyLimits(rpm=6000)), now_ms=NOW + 130_000)
    assert grant.interval_ms == 10


def test_tokens_are_taken_by_estimate_and_corrected_by_what_was_used() -> None:
    limits = KeyLimits(tpm=60_000)  # a token a millisecond
    quota, grant = take(Quota(), asked(3, limits, tokens_each=1_000), now_ms=NOW)
    assert (grant.granted, grant.interval_ms) == (3, 1_000)
    quota, _ = take(quota, asked(0, limits, correction_tokens=-2_500), now_ms=NOW)
    _, grant = take(quota, asked(1, limits, tokens_each=1_000), now_ms=NOW)
    assert grant.start_after_ms == 500
    quota, _ = take(quota, asked(0, limits, correction_tokens=60_000), now_ms=NOW)
    _, grant = take(quota, asked(1, limits, tokens_each=1_000), now_ms=NOW)
    assert grant.granted == 0
    assert grant.retry_after_ms > 50_000


def test_a_refusal_closes_the_key_for_everybody_and_cuts_concurrency_once() -> None:
    quota, grant = take(Quota(), asked(5, throttled=3, retry_after_ms=2_000), now_ms=NOW)
    assert (grant.start_after_ms, grant.concurrency) == (2_000, 7)
    again, grant = take(quota, asked(5, throttled=9), now_ms=NOW + 1_000)
    assert grant.concurrency == 7
    _, grant = take(again, asked(5, throttled=1), now_ms=NOW + COOLDOWN_MS)
    assert grant.concurrency == 4


def test_concurrency_grows_slowly_again_without_a_write() -> None:
    quota, _ = take(Quota(), asked(throttled=1), now_ms=NOW)
    assert scale_at(quota, NOW + COOLDOWN_MS) == pytest.approx(0.7)
    assert scale_at(quota, NOW + COOLDOWN_MS + 20_000) == pytest.approx(0.8)
    later, grant = take(quota, asked(1), now_ms=NOW + 600_000)
    assert (later, grant.concurrency) == (quota, 10)


EIGHT = KeyLimits(max_concurrency=8)


def test_who_shares_max_concurrency_gets_a_part_once_the_others_have_given_it_up() -> None:
    quota, first = take(Quota(), Asked("a", 1, 10, EIGHT), now_ms=NOW)
    quota, second = take(quota, Asked("b", 1, 10, EIGHT), now_ms=NOW + 1)
    assert (first.concurrency, second.granted, second.retry_after_ms) == (8, 0, BUSY_RETRY_MS)
    quota, told = take(quota, Asked("a", 1, 10, EIGHT, in_flight=3), now_ms=NOW + 2)  # more may start until it hears
    quota, early = take(quota, Asked("b", 1, 10, EIGHT), now_ms=NOW + 3)
    quota, _ = take(quota, Asked("a", 1, 10, EIGHT, in_flight=6), now_ms=NOW + 4)
    quota, second = take(quota, Asked("b", 1, 10, EIGHT), now_ms=NOW + 5)
    assert (told.concurrency, early.granted, second.granted, second.concurrency) == (4, 0, 1, 2)


def test_who_ends_or_sleeps_leaves_its_part_to_others() -> None:
    quota, _ = take(Quota(), Asked("a", 1, 10, EIGHT), now_ms=NOW)
    _, after_sleep = take(quota, Asked("b", 1, 10, EIGHT), now_ms=NOW + 90_000)
    quota, _ = take(quota, Asked("a", 0, 10, EIGHT), now_ms=NOW + 1)
    quota, after_end = take(quota, Asked("b", 1, 10, EIGHT), now_ms=NOW + 2)
    assert (after_sleep.concurrency, after_end.concurrency, list(quota.holders)) == (8, 8, ["b"])


@each_case("seed", range(4))
def test_however_many_runners_share_a_key_never_more_are_at_work_than_it_allows(seed: int) -> None:
    """A long random walk. A reply is heard some time after it was made; until then the runner goes on with what it knew."""
    drawn, quota, limits = random.Random(seed), Quota(), KeyLimits(max_concurrency=4)
    may, work, replies = [0, 0, 0], [0, 0, 0], dict[int, int]()
    most = 0
    for moment in range(4_000):
        who, what = drawn.randrange(3), drawn.choice(["ask", "hear", "start", "start", "end", "leave"])
        if what == "start" and work[who] < may[who]:
            work[who] += 1
        elif what == "end" and work[who]:
            work[who] -= 1
        elif what == "hear" and who in replies:
            may[who] = replies.pop(who)
        elif who not in replies and (what == "ask" or (what == "leave" and not work[who])):
            may[who] = may[who] if what == "ask" else 0
            one = Asked(str(who), 2 if what == "ask" else 0, 10, limits, in_flight=work[who])
            quota, grant = take(quota, one, now_ms=NOW + moment)
            replies[who] = grant.concurrency if grant.granted else 0
        most = max(most, sum(work))
    assert most == 4


def test_a_repeated_request_takes_no_slots_again() -> None:
    one = asked(3, KeyLimits(rpm=60), sequence=1, throttled=1, correction_tokens=500)
    quota, first = take(Quota(), one, now_ms=NOW)
    later, again = take(quota, one, now_ms=NOW + 400)
    assert later == quota
    assert (again.granted, again.interval_ms) == (first.granted, first.interval_ms)
    assert again.start_after_ms == max(0, first.start_after_ms - 400)
    _, new = take(quota, replace(one, sequence=2), now_ms=NOW + 400)
    assert new.start_after_ms > again.start_after_ms


def test_answers_are_kept_for_those_who_may_repeat_and_only_where_a_limit_is_known() -> None:
    quota = Quota()
    for number in range(500):
        one = replace(asked(1, KeyLimits(rpm=60_000), sequence=1), holder=str(number))
        quota, _ = take(quota, one, now_ms=NOW + number * 1_000)
    assert len(quota.answers) == REPEATS_MS // 1_000 + 1
    assert take(Quota(), asked(1, NONE, sequence=1), now_ms=NOW)[0] == Quota()


def test_the_item_stays_small_however_many_runners_share_a_key() -> None:
    quota = Quota()
    for number in range(1_500):
        one = replace(asked(1, KeyLimits(rpm=600_000), sequence=1), holder=f"my-fleet-20261129-093000.{number}/1")
        quota, _ = take(quota, one, now_ms=NOW + number)
    assert len(quota.answers) == MOST_ANSWERS
    assert len(quota_text(quota)) < 150_000


@given(
    st.lists(
        st.tuples(
            st.integers(0, 20_000), st.integers(0, 50), st.integers(0, 3), st.sampled_from([0, 500, 30_000]),
            st.integers(-2_000, 2_000),
        ),
        max_size=40,
    ),
    st.sampled_from([NONE, KeyLimits(rpm=100), KeyLimits(rpm=600, tpm=50_000), KeyLimits(max_concurrency=3)]),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_whatever_happens_limits_hold_and_the_text_is_the_same(
    steps: list[tuple[int, int, int, int, int]], limits: KeyLimits
) -> None:
    quota, now, slots = Quota(), NOW, []
    for pause, want, throttled, retry_after, correction in steps:
        now += pause
        one = asked(
            want, limits, throttled=throttled, retry_after_ms=retry_after, correction_tokens=correction, tokens_each=100
        )
        quota, grant = take(quota, one, now_ms=now)
        assert quota_of_text(quota_text(quota)) == quota
        assert 0 <= grant.granted <= want
        assert grant.retry_after_ms > 0 or grant.granted == want
        assert 1 <= grant.concurrency <= 10
        assert grant.start_after_ms <= HORIZON_MS + 1
        assert LEAST_SCALE <= quota.scale <= 1
        slots += [now + grant.start_after_ms + place * grant.interval_ms for place in range(grant.granted)]
    if limits.rpm:
        gaps = [later - earlier for earlier, later in itertools.pairwise(slots)]
        assert all(gap >= 60_000 / limits.rpm - 1 for gap in gaps)
