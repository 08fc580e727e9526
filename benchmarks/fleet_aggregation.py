"""Putting a fleet's results together, beside parsing its files as JSON: 50 repositories with 10 tests each."""

import json
import random
import time
from collections.abc import Callable
from typing import Any

from benchfleet_contract.fleets.outcomes import Outcome
from benchfleet_contract.fleets.plan import Load, ProviderSettings, Shard, Target, TestRequest
from benchfleet_contract.fleets.results import BenchmarkResults
from benchfleet_results.fleets.aggregate import aggregate
from benchfleet_results.fleets.artifacts import artifacts, as_json
from benchfleet_results.fleets.benchmarks import benchmark, placed

from benchmarks.metric import Metric

REPOSITORIES, TESTS, TOKENS, LETTERS = 50, 10, 40, 600
AT = "2026-01-02T03:04:05.000Z"
ROUNDS = 15


def metrics() -> list[dict[str, Any]]:
    files = [as_json(_shard(number)) for number in range(REPOSITORIES)]
    read = [placed(BenchmarkResults.model_validate_json(each)) for each in files]
    whole = aggregate("f", read, timestamp=AT)
    parsed_s = _least(lambda: [json.loads(each) for each in files])
    checked_s = _least(lambda: [BenchmarkResults.model_validate_json(each) for each in files])
    put_together_s = _least(lambda: aggregate("f", read, timestamp=AT))
    written_s = _least(lambda: list(artifacts(whole)))
    size = f"{REPOSITORIES} files with {TESTS} tests each, {sum(map(len, files)) // 1024} KiB"
    how = f"CPU, the least of {ROUNDS}, over that of json.loads of the same files ({size}, {parsed_s * 1000:.1f} ms)"
    rows = [
        Metric("a fleet's files read, checked and put together", _ratio(checked_s + put_together_s, parsed_s), "ratio", 5, how),
        Metric("putting together alone", _ratio(put_together_s, parsed_s), "ratio", None, how),
        Metric("writing all of its artifacts", _ratio(written_s, parsed_s), "ratio", None, how),
    ]  # fmt: skip
    return [row.as_dict() for row in rows]


def _ratio(part: float, whole: float) -> float:
    return round(part / whole, 2)


def _least(work: Callable[[], object]) -> float:
    return min(_once(work) for _ in range(ROUNDS))


def _once(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _shard(number: int) -> BenchmarkResults:
    """Scored answers with their latencies, as a runner leaves them."""
    drawn = random.Random(number)  # a simulation
    tests = [
        TestRequest(key=f"t{n}", test_id=f"t{n}", prompt=f"prompt {n} " * 20, category=f"c{n % 3}", expected="a")
        for n in range(TESTS)
    ]
    target = Target(spec="p:m", provider="p", model="m", name="p_m")
    shard = Shard(
        number=number + 1, repository_id=f"r{number}", repository_name=f"R{number}", dataset_name="d", target=target,
        provider=ProviderSettings(type="openai"), tests=tests, load=Load(), timeout_s=60, max_retries=2,
    )  # fmt: skip
    outcomes = {test.key: _outcome(test.key, drawn) for test in tests}
    return benchmark(
        shard, outcomes, fleet_id="f", run_id="f-1", started_at=AT, completed_at=AT, total_duration_ms=9000
    )


def _outcome(key: str, drawn: random.Random) -> Outcome:
    gaps = [round(drawn.expovariate(1 / 20), 4) for _ in range(TOKENS - 1)]
    usage = {"prompt_tokens": 60, "completion_tokens": TOKENS, "total_tokens": 60 + TOKENS}
    content = "".join(drawn.choices("abcdefghij \n", k=LETTERS))
    response = {"id": key, "model": "m", "content": content, "usage": usage, "finish_reason": "stop", "created_at": 1}
    ttft = drawn.uniform(100, 300)
    return Outcome.model_validate({
        "key": key, "test_id": key, "status": "success", "response": response, "usage_source": "reported", "sent_at": 1.8e9,
        "duration_ms": ttft + sum(gaps), "ttft_ms": ttft, "itl_ms": gaps, "tpot_ms": sum(gaps) / (TOKENS - 1),
        "e2el_ms": ttft + sum(gaps), "tries": 1, "cost_usd": drawn.uniform(0, 0.01), "price_source": "manifest",
    })  # fmt: skip
