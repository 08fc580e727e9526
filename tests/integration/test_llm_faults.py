"""A shard against the loopback provider: each fault has its status, totals are right, nothing is counted or sent twice."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from benchfleet_contract.fleets.outcomes import Outcome, best, summed
from benchfleet_contract.fleets.plan import Load, Sweep
from benchfleet_contract.fleets.results import BenchmarkResults

from runner_image.errors import TaskError
from tests.integration.fleet_shards import PRICE, FakeControlPlane, executed, shard
from tests.providers import Behaviour, Providers, Rule, serving


def _by_key(control: FakeControlPlane) -> dict[str, Outcome]:
    """The journal must hold each key once."""
    assert len({each.key for each in control.kept}) == len(control.kept)
    return best(control.kept)


def test_answers_are_kept_measured_and_written(tmp_path: Path) -> None:
    with serving(Providers(Behaviour(tokens=3, ttft_s=0.03, itl_s=0.01))) as providers:
        control = FakeControlPlane(shard(providers.url, ["a", "b", "c"], provider={"price": PRICE}))
        result = executed(control, tmp_path)
    found = _by_key(control)
    assert summed(found.values()) == {
        "success": 3, "failure": 0, "timeout": 0, "skipped": 0, "total": 3, "cost_usd": pytest.approx(3 * 0.013),
    }  # fmt: skip
    first = found["t1"]
    assert first.response is not None
    assert (first.response.content, first.response.model, first.usage_source) == (" w0 w1 w2", "m-0001", "reported")
    assert first.ttft_ms is not None
    assert first.itl_ms is not None
    assert first.ttft_ms >= 29
    assert len(first.itl_ms) == 2
    assert first.tpot_ms == pytest.approx(sum(first.itl_ms) / 2, abs=0.01)
    assert {each.metric for each in result.output.measurements} == {
        "ttft", "itl", "tpot", "e2el", "output_tokens", "success",
    }  # fmt: skip
    assert json.loads((tmp_path / "responses" / "t2.json").read_text())["content"] == " w0 w1 w2"
    assert (tmp_path / "shard.json").exists()


@pytest.mark.parametrize(
    ("behaviour", "status", "kind", "requests"),
    [
        (Behaviour(status=500), "failure", "server", 3),
        (Behaviour(status=400), "failure", "invalid_request", 1),
        (Behaviour(status=400, code="context_length_exceeded"), "failure", "context_length", 1),
        (Behaviour(status=404), "failure", "not_found", 1),
        (Behaviour(status=429, code="insufficient_quota"), "failure", "rate_limited", 1),
        (Behaviour(tokens=5, cut_after=2), "failure", "cut", 1),
        (Behaviour(cut_after=0), "failure", "network", 3),
        (Behaviour(tokens=3, malformed_at=1), "failure", "malformed", 1),
        (Behaviour(tokens=3, error_after=2), "failure", "server", 1),
        (Behaviour(tokens=3, error_after=0), "failure", "server", 3),
        (Behaviour(tokens=0, pieces=()), "failure", "empty", 1),
        (Behaviour(tokens=3, itl_s=0.5), "timeout", "timeout", 1),
        (Behaviour(hang=True), "timeout", "timeout", 3),
    ],
)  # fmt: skip
def test_each_fault_has_its_status_and_only_what_sent_no_token_is_sent_again(
    tmp_path: Path, behaviour: Behaviour, status: str, kind: str, requests: int
) -> None:
    with serving(Providers(rules=[Rule(behaviour, prompt="bad")])) as providers:
        most_s = 0.6 if kind == "timeout" else 20.0  # a machine that is busy must not look like a provider that is slow
        control = FakeControlPlane(shard(providers.url, ["good", "bad"], timeout_s=most_s))
        executed(control, tmp_path)
    found = _by_key(control)
    assert (found["t1"].status, found["t2"].status) == ("success", status)
    assert found["t2"].error is not None
    assert found["t2"].error.kind == kind
    assert found["t2"].response is None
    assert len([each for each in providers.asked if each.prompt == "bad"]) == requests == found["t2"].tries


def test_a_provider_that_fails_half_of_its_calls_costs_retries_and_no_test(tmp_path: Path) -> None:
    with serving(Providers(rules=[Rule(Behaviour(status=503), every=2)])) as providers:
        control = FakeControlPlane(shard(providers.url, [f"p{number}" for number in range(20)], max_retries=8))
        executed(control, tmp_path)
    found = _by_key(control)
    assert {each.status for each in found.values()} == {"success"}
    assert sum(each.tries for each in found.values()) == len(providers.asked) > 20
    assert len(providers.served) == 20


def test_a_storm_of_429_is_waited_out_as_the_provider_asks_and_the_wait_is_no_latency(tmp_path: Path) -> None:
    storm = Rule(Behaviour(status=429, headers={"retry-after-ms": "1100"}), times=3)
    with serving(Providers(rules=[storm])) as providers:
        control = FakeControlPlane(shard(providers.url, [f"p{number}" for number in range(8)], max_retries=5))
        executed(control, tmp_path)
    found = _by_key(control)
    assert {each.status for each in found.values()} == {"success"}
    refused = [each for each in found.values() if each.tries > 1]
    assert sum(each.tries - 1 for each in refused) == 3
    assert all(each.retry_wait_ms >= 1000 > each.duration_ms for each in refused)
    assert sum(each.throttled for each in control.asked) == 3
    arrived = sorted(each.at for each in providers.asked)
    quiet = max(after - before for before, after in pairwise(arrived))
    assert quiet > 0.9  # nobody else was sent meanwhile


def test_a_refused_key_fails_each_test_once_and_stands_in_no_message(tmp_path: Path) -> None:
    with serving(Providers(keys={"right"})) as providers:
        settings = {"api_key_env": "LOOP_KEY"}
        control = FakeControlPlane(shard(providers.url, ["a", "b"], provider=settings))
        executed(control, tmp_path, environment={"LOOP_KEY": "sk-wrong-and-secret"})
    found = _by_key(control)
    assert {each.error.kind for each in found.values() if each.error} == {"authentication"}
    assert len(providers.asked) == 2
    assert not any("sk-wrong" in path.read_text() for path in tmp_path.iterdir() if path.is_file())
    assert not any("sk-wrong" in request.provider_key for request in control.asked)


def test_a_key_that_the_runner_has_not_is_named(tmp_path: Path) -> None:
    control = FakeControlPlane(shard("http://127.0.0.1:1", ["a"], provider={"api_key_env": "LOOP_KEY"}))
    with pytest.raises(TaskError, match="LOOP_KEY"):
        executed(control, tmp_path, environment={"OPENAI_API_KEY": "x"})


def test_an_answer_of_a_megabyte_arrives_whole_and_a_longer_one_is_cut_and_marked(tmp_path: Path) -> None:
    whole, long = Behaviour(pieces=("x" * 65536,) * 16), Behaviour(pieces=("é" * 65536,) * 17)
    with serving(Providers(rules=[Rule(whole, prompt="whole"), Rule(long, prompt="long")])) as providers:
        control = FakeControlPlane(shard(providers.url, ["whole", "long"]))
        executed(control, tmp_path)
    answers = [(each.status, len(each.response.content) if each.response else 0, each.truncated)
               for _, each in sorted(_by_key(control).items())]  # fmt: skip
    assert answers == [("success", 2**20, False), ("success", 2**20, True)]


def test_a_budget_is_asked_before_money_is_spent(tmp_path: Path) -> None:
    """A test may cost 0.085 at most (65 + 10 tokens) and costs 0.013: after some of them the next could go beyond 0.15."""
    with serving(Providers(Behaviour(tokens=3))) as providers:
        work = shard(providers.url, ["a"] * 20, provider={"price": PRICE}, load=Load(concurrency=2))
        control = FakeControlPlane(work, budget_usd=0.15, grants=1)
        executed(control, tmp_path)
    found = _by_key(control)
    sums = summed(found.values())
    assert sums["success"] + sums["skipped"] == 20
    assert sums["success"] == len(providers.asked) >= 3
    assert sums["cost_usd"] == pytest.approx(control.spent_usd)
    assert control.spent_usd <= 0.15
    assert {each.error.kind for each in found.values() if each.error} == {"budget"}


def _most_usd(prompt: str, tokens: int) -> float:
    """By PRICE: a token for each byte of the prompt, 64 of a template, and an answer as long as it may be."""
    return (len(prompt) + 64) * 0.001 + tokens * 0.002


def test_each_test_is_set_aside_with_its_own_most_and_the_dear_one_alone_is_skipped(tmp_path: Path) -> None:
    with serving(Providers(Behaviour(tokens=3))) as providers:
        work = shard(providers.url, ["a", "b" * 400, "c"], provider={"price": PRICE}, load=Load(concurrency=1))
        control = FakeControlPlane(work, budget_usd=0.3)
        result = executed(control, tmp_path)
    assert [(each.key, each.status) for each in control.kept] == [
        ("t1", "success"), ("t2", "skipped"), ("t3", "success"),
    ]  # fmt: skip
    assert control.asked[0].reserve_usd == pytest.approx([_most_usd(p, 10) for p in ("a", "b" * 400, "c")])
    assert sum(one.usd for asked in control.asked for one in asked.settled) == pytest.approx(2 * 0.013)
    assert {one.metric for one in result.output.measurements} >= {"success", "e2el"}


def test_a_shard_that_no_money_was_left_for_is_done_and_its_tests_are_skipped(tmp_path: Path) -> None:
    with serving() as providers:
        work = shard(providers.url, ["a"] * 500, provider={"price": PRICE})
        control = FakeControlPlane(work, budget_usd=0.01)
        result = executed(control, tmp_path)
    assert {each.status for each in control.kept} == {"skipped"}
    assert len(control.kept) == 500
    assert (providers.asked, len(control.asked)) == ([], 1)
    assert [(one.metric, one.samples[0]) for one in result.output.measurements] == [("sent", 0.0)]


@pytest.mark.parametrize("keyed", [True, False])
def test_with_a_budget_nothing_is_sent_whose_price_is_unknown_but_to_who_sends_no_bill(
    tmp_path: Path, keyed: bool
) -> None:
    with serving() as providers:
        settings = {"api_key_env": "LOOP"} if keyed else {}
        work = shard(providers.url, ["a"], provider=settings)
        control = FakeControlPlane(work, budget_usd=1.0)
        executed(control, tmp_path, environment={"LOOP": "key"})
    (kept,) = control.kept
    if keyed:
        assert (kept.status, providers.asked) == ("skipped", [])
        assert "no price of m is known" in (kept.error.message if kept.error else "")
    else:
        assert (kept.status, kept.cost_usd) == ("success", None)


def test_what_failed_and_cannot_be_paid_again_is_a_failure(tmp_path: Path) -> None:
    """Two senders; the money is enough for one try at a time, and a try that was cut may be on the bill."""
    with serving(Providers(rules=[Rule(Behaviour(cut_after=0), times=1)])) as providers:
        work = shard(providers.url, ["a"], provider={"price": PRICE})
        control = FakeControlPlane(work, budget_usd=_most_usd("a", 10))
        executed(control, tmp_path)
    assert [(each.status, each.tries) for each in control.kept] == [("failure", 1)]
    assert len(providers.asked) == 1
    assert control.spent_usd == pytest.approx(_most_usd("a", 10))


@pytest.mark.parametrize("behaviour", [Behaviour(status=429), Behaviour(status=500), Behaviour(status=400)])
def test_a_refusal_costs_nothing(tmp_path: Path, behaviour: Behaviour) -> None:
    with serving(Providers(rules=[Rule(behaviour)])) as providers:
        control = FakeControlPlane(shard(providers.url, ["a"], provider={"price": PRICE}), budget_usd=1.0)
        executed(control, tmp_path)
    assert (control.kept[0].status, control.spent_usd) == ("failure", 0.0)


def test_a_sweep_sends_load_after_load_and_names_its_knee(tmp_path: Path) -> None:
    """A server that answers as fast at any load: the highest is best, and nothing was tried beyond it."""
    with serving(Providers(Behaviour(ttft_s=0.3))) as providers:
        made = shard(providers.url, ["a"] * 6, load=Load(sweep=Sweep(concurrencies=[1, 6])))
        tests = [
            test.model_copy(update={"key": f"{test.test_id}#{step + 1}", "repeat": step + 1, "step": step})
            for step in (0, 1)
            for test in made.tests
        ]
        executed(FakeControlPlane(made.model_copy(update={"tests": tests})), tmp_path)
        asked = providers.asked
    results = BenchmarkResults.model_validate_json((tmp_path / "shard.json").read_bytes())
    assert results.sweep
    slow, fast = results.sweep.points
    assert (slow.load, fast.load, slow.succeeded, fast.succeeded) == (1, 6, 6, 6)
    assert all(before.written[-1] <= after.at for before, after in pairwise(asked[:7]))  # one after another,
    assert providers.most_at_once == 6  # then all at once
    assert (results.sweep.knee, results.sweep.beyond) == (6, False)
    assert fast.requests_per_s > 2 * slow.requests_per_s
    assert [one.load for one in results.results] == [1] * 6 + [6] * 6


def test_an_answer_of_an_earlier_run_is_taken_from_the_cache_and_costs_nothing(tmp_path: Path) -> None:
    """Failures are not kept, another prompt or parameter is another request, and what is no entry is sent."""
    answers, runs = tmp_path / "answers", []
    with serving(
        Providers(Behaviour(tokens=3), rules=[Rule(Behaviour(status=400), prompt="bad", times=1)])
    ) as providers:
        for number, prompts in enumerate((["a", "b", "bad"], ["a", "b", "bad", "c"], ["a", "b"])):
            folder = tmp_path / str(number)
            folder.mkdir()
            load = Load(concurrency=1)
            work = shard(providers.url, prompts, provider={"price": PRICE}, cache=True, load=load)
            control = FakeControlPlane(work)
            if number == 2:
                for entry in answers.iterdir():
                    entry.write_text("no outcome")
            executed(control, folder, answers=answers)
            runs.append(BenchmarkResults.model_validate_json((folder / "shard.json").read_bytes()))
    assert [asked.prompt for asked in providers.asked] == ["a", "b", "bad", "bad", "c", "a", "b"]
    second = runs[1]
    assert [one.cached for one in second.results] == [True, True, None, None]
    assert [one.status for one in second.results] == ["success"] * 4
    assert [one.cost_usd for one in second.results] == [0.0, 0.0, pytest.approx(0.013), pytest.approx(0.013)]
    assert (
        second.summary.cached,
        second.summary.latency and second.summary.latency.e2el_ms and second.summary.latency.e2el_ms.count,
    ) == (2, 2)


def test_a_stopped_run_skips_what_was_not_started(tmp_path: Path) -> None:
    with serving() as providers:
        control = FakeControlPlane(shard(providers.url, ["a"] * 10), stop_after=4)
        executed(control, tmp_path)
    assert [each.status for each in control.kept].count("success") == 4 == len(providers.asked)
    assert {each.error.kind for each in control.kept if each.error} == {"stopped"}


def test_the_first_failure_ends_the_rest_where_that_is_wanted(tmp_path: Path) -> None:
    with serving(Providers(rules=[Rule(Behaviour(status=400), prompt="bad")])) as providers:
        work = shard(providers.url, ["a", "bad", "c", "d"], load=Load(concurrency=1), continue_on_failure=False)
        control = FakeControlPlane(work)
        executed(control, tmp_path)
    assert [(each.key, each.status) for each in control.kept] == [
        ("t1", "success"), ("t2", "failure"), ("t3", "skipped"), ("t4", "skipped"),
    ]  # fmt: skip


def test_a_shard_that_is_taken_up_again_sends_only_what_is_missing(tmp_path: Path) -> None:
    with serving(Providers(rules=[Rule(Behaviour(status=400), prompt="bad")])) as providers:
        control = FakeControlPlane(shard(providers.url, ["a", "bad", "c"]), stop_after=2)
        executed(control, tmp_path)
        control.stop_after = None
        (tmp_path / "second").mkdir()
        executed(control, tmp_path / "second", attempt=2)
        assert len(providers.asked) == 3
    found = best(control.kept)
    assert {**summed(found.values()), "cost_usd": 0} == {
        "success": 2, "failure": 1, "timeout": 0, "skipped": 0, "total": 3, "cost_usd": 0,
    }  # fmt: skip
    assert sorted(each.attempt for each in found.values()) == [1, 1, 2]


def test_tokens_that_nobody_reports_are_counted_by_the_server_or_not_at_all(tmp_path: Path) -> None:
    with serving(Providers(Behaviour(tokens=3, reported=False))) as providers:
        counting = shard(providers.url, ["two words"])
        counting = counting.model_copy(update={"provider": counting.provider.model_copy(update={"type": "vllm"})})
        (tmp_path / "counted").mkdir()
        (tmp_path / "not").mkdir()
        counted, not_counted = FakeControlPlane(counting), FakeControlPlane(shard(providers.url, ["two words"]))
        executed(counted, tmp_path / "counted")
        executed(not_counted, tmp_path / "not")
    one, other = counted.kept[0], not_counted.kept[0]
    assert one.response is not None
    assert (one.usage_source, one.response.usage.prompt_tokens, one.response.usage.completion_tokens) == (
        "counted",
        2,
        3,
    )
    assert (other.usage_source, other.tpot_ms, other.cost_usd, other.status) == (None, None, None, "success")


def test_warm_up_is_sent_and_not_kept_and_an_open_loop_keeps_its_times(tmp_path: Path) -> None:
    load = Load(mode="open", rate=100, arrival="constant", concurrency=50, warmup=2)
    with serving(Providers(Behaviour(tokens=1, ttft_s=0.2))) as providers:
        control = FakeControlPlane(shard(providers.url, ["a"] * 10, load=load, seed=1))
        executed(control, tmp_path)
    assert len(providers.asked) == 12
    assert len(_by_key(control)) == 10
    intended = sorted(each.intended_at or 0 for each in control.kept)
    assert intended[-1] - intended[0] == pytest.approx(0.09, abs=1e-3)
    assert providers.most_at_once > 5  # it does not wait for answers


def test_an_executor_of_the_registry_is_a_provider(tmp_path: Path) -> None:
    with serving() as providers:
        work = shard(providers.url, ["a"])
        settings = work.provider.model_copy(update={"type": "executor", "base_url": None})
        control = FakeControlPlane(work.model_copy(update={"provider": settings}), executor=f"{providers.url}/v1")
        executed(control, tmp_path)
    assert control.kept[0].status == "success"
