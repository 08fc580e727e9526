"""Fleet runs for the pages to show: two repositories and two models, worked at by hand."""

from typing import Any

from benchfleet_contract.fleets.outcomes import Outcome, OutcomeError

from tests.integration.api_client import Api, fresh
from tests.integration.test_api_fleets import Attempt, body, outcome

BAD = "<img src=x onerror=\"document.title='taken'\">"
TESTS = ("one", "two", "three")
DATASET = {
    "name": "d",
    "version": "1.0.0",
    "test_cases": [{"id": key, "prompt": f"Say {key} {BAD}", "expected": "right"} for key in TESTS],
}


def begun(api: Api, **settings: Any) -> str:
    """Shards 1 to 4: both models of `repo-1`, then both of `repo-2`. Nobody has begun one."""
    asked = body(fresh("grid"), manifest={"settings": settings}, datasets={"./d.json": DATASET}, max_attempts=1)
    reply = api("POST", "/fleets/runs", asked)
    assert reply.status_code == 202, reply.text
    return str(reply.json()["run_id"])


def answered(key: str, answer: str, **changes: Any) -> Outcome:
    made = outcome(key, **{"ttft_ms": 120.0, "e2el_ms": 900.0, "usage_source": "reported", "tries": 1, **changes})
    response = made.response.model_copy(update={"content": answer}) if made.response else None
    return made.model_copy(update={"response": response})


def refused(key: str) -> Outcome:
    error = OutcomeError(kind="rate_limited", message=f"{BAD} slow down", http_status=429)
    return Outcome(key=key, test_id=key, status="failure", error=error, sent_at=1_800_000_000.0, duration_ms=30)


def ended(api: Api, **settings: Any) -> str:
    """`openai:m` on `repo-1` has a right answer, a wrong one and a refusal, and known costs; others have no known price."""
    run_id = begun(api, **settings)
    for number in range(4):
        mine = Attempt(api, run_id)
        if number == 0:
            mine.keep(
                answered("one", f"right {BAD}", cost_usd=0.25), answered("two", "no", cost_usd=0.5), refused("three")
            )
        else:
            mine.keep(*(answered(key, "right") for key in TESTS))
        mine.fails()
    api.until(f"/fleets/runs/{run_id}", lambda told: bool(told["results_ready"]))
    return run_id
