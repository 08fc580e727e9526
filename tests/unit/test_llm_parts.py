"""Parts of the llm workload that need no server: load models, measures, waits that a provider asks for."""

import itertools
from datetime import UTC, datetime, timedelta
from statistics import mean

import pytest
from benchfleet_contract.fleets.plan import Load
from benchfleet_contract.fleets.targets import ALIASES, KNOWN
from hypothesis import given
from hypothesis import strategies as st

from runner_image.workloads.llm.client.table import TABLE
from runner_image.workloads.llm.load import arrivals, starts
from runner_image.workloads.llm.measures import Stamps, measured
from runner_image.workloads.llm.refusals import asked_wait_s, refusal, used_up_s
from runner_image.workloads.llm.results import response_file
from tests.each_case import each_case


def test_poisson_arrivals_have_the_rate_and_the_spread_and_are_the_same_for_a_seed() -> None:
    load = Load(mode="open", rate=50)
    moments = arrivals(load, 5000, seed=3)
    gaps = [after - before for before, after in itertools.pairwise(moments)]
    assert mean(gaps) == pytest.approx(0.02, rel=0.05)
    assert mean([gap**2 for gap in gaps]) == pytest.approx(2 * 0.02**2, rel=0.15)  # of an exponential: twice the square
    assert moments == arrivals(load, 5000, seed=3) != arrivals(load, 5000, seed=4)


def test_a_ramp_starts_slowly_and_then_keeps_the_rate() -> None:
    moments = arrivals(Load(mode="open", rate=10, arrival="constant", ramp_s=4), 60, seed=None)
    assert sum(moment < 4 for moment in moments) == 20  # half of what the full rate would bring
    assert sum(moment < 2 for moment in moments) == 5
    assert moments[-1] - moments[-2] == pytest.approx(0.1)


def test_senders_begin_evenly_over_the_ramp() -> None:
    assert starts(Load(concurrency=4, ramp_s=2)) == [0, 0.5, 1.0, 1.5]


def test_an_open_loop_without_a_rate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"load\.rate"):
        arrivals(Load(mode="open"), 1, seed=1)


@given(st.lists(st.floats(0.001, 10), min_size=2, max_size=50), st.floats(0.001, 10))
def test_the_parts_of_a_stream_add_up(gaps: list[float], first: float) -> None:
    chunks, now = [], 100 + first
    for gap in [0.0, *gaps]:
        now += gap
        chunks.append(now)
    found = measured(Stamps(100, chunks, now + 5), len(chunks))
    assert found is not None
    assert found.tpot_ms is not None
    assert found.e2el_ms == pytest.approx(found.ttft_ms + sum(found.itl_ms), abs=0.01)
    assert found.tpot_ms == pytest.approx(mean(found.itl_ms), abs=0.01)


def test_one_token_has_no_tpot_and_none_has_nothing() -> None:
    one = measured(Stamps(1, [2], 3), 1)
    assert one is not None
    assert (one.ttft_ms, one.itl_ms, one.e2el_ms, one.tpot_ms) == (1000, [], 1000, None)
    assert measured(Stamps(1, [], 3), 0) is None


@each_case(
    ("headers", "wait_s"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}, 90),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "60s"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_what_a_provider_asks_for_is_read_in_all_its_forms(headers: dict[str, str], wait_s: float | None) -> None:
    assert asked_wait_s(headers) == (None if wait_s is None else pytest.approx(wait_s))


def test_moments_are_read_as_well_as_spans() -> None:
    then = datetime.now(UTC) + timedelta(seconds=30)
    headers = {"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": then.isoformat()}
    assert used_up_s(headers) == pytest.approx(30, abs=2)
    assert asked_wait_s({"retry-after": then.strftime("%a, %d %b %Y %H:%M:%S GMT")}) == pytest.approx(30, abs=2)


def test_no_key_stands_in_the_words_of_a_refusal() -> None:
    content = b'{"error": {"message": "Incorrect API key provided: sk-secret-123456."}}'
    error = refusal(401, {}, content, key="sk-secret-123456")
    assert (error.kind, error.again) == ("authentication", False)
    assert "sk-secret" not in error.message
    assert refusal(500, {"x-should-retry": "false"}, b"oops", key=None).again is False


def test_every_provider_that_a_manifest_may_name_can_be_called() -> None:
    assert set(TABLE) == set(KNOWN)
    assert set(ALIASES.values()) <= set(TABLE)


def test_long_keys_that_differ_in_their_ends_have_files_of_their_own() -> None:
    names = {response_file("x" * 127 + end) for end in "ab"} | {response_file("ä" * 40), response_file("t#2")}
    assert len(names) == 4
    assert "t#2.json" in names
    assert max(len(name.encode()) for name in names) <= 90
