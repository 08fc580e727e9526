"""What a runner's last word about its task does: which upload it means, what it binds, and when it is refused."""

from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.states import FailureClass, TaskStatus
from benchfleet_contract.tasks import UploadUrls

from chalicelib.domain import errors
from chalicelib.domain.ports import Verdict
from chalicelib.domain.records import Task
from tests.contract.records import NOW_MS, a_request
from tests.contract.system import BODY, Clients, System

REFERENCE = {kind: f"results/r/task_r.1_{kind}.tar.gz" for kind in ("result", "error")}
COMPLETED = Verdict(TaskStatus.COMPLETED, "one", 1, NOW_MS + 5_000)
FAILED = replace(COMPLETED, status=TaskStatus.FAILED, error_type="kind")


@pytest.fixture
def system(clients: Clients) -> System:
    system = System(clients)
    system.create_run({**BODY, "max_attempts": 3})
    return system


def claim(system: System, runner: str = "one", **changes: Any) -> UploadUrls:
    """Where the runner may upload."""
    reply = system.claim_task("r", replace(a_request(runner, now_ms=system.clock()), **changes))
    assert reply.presigned_urls
    return reply.presigned_urls


def end(system: System, verdict: Verdict, *, number: int = 1, **said: Any) -> Task:
    """The task after its end."""
    system.finish_task("r", number, replace(verdict, **said))
    found = system.tasks.get("r", number)
    assert found
    return found


def refused(system: System, verdict: Verdict, **said: Any) -> errors.Refusal:
    with pytest.raises(errors.Refusal) as found:
        end(system, verdict, **said)
    return found.value


def lost_and_claimed_again(system: System) -> UploadUrls:
    """The first runner's lease runs out, and it claims the same task again: attempt 2. Its old upload keys."""
    old = claim(system)
    system.clock.pass_s(121)
    system.sweep()
    claim(system, token="again", nonce="another")
    return old


def test_what_is_said_with_an_end_is_stored_with_the_task(system: System) -> None:
    claim(system)
    task = end(system, FAILED, error_message="words", failure_class=FailureClass.BENCHMARK, reason="why")
    assert (task.status, task.error_type, task.error_message) == (TaskStatus.FAILED, "kind", "words")
    assert (task.failure_class, task.reason, task.ended_ms) == (FailureClass.BENCHMARK, "why", NOW_MS + 5_000)
    assert (task.result_key, task.error_key, task.seal) == (None, None, None)


@pytest.mark.parametrize(("verdict", "kind"), [(COMPLETED, "result"), (FAILED, "error")])
@pytest.mark.parametrize("name", ["issued", "reference", "made/up"])
def test_every_name_of_an_upload_means_the_issued_key(system: System, verdict: Verdict, kind: str, name: str) -> None:
    urls = claim(system)
    issued = {"result": urls.result_key, "error": urls.error_key}[kind]
    system.objects.put(issued, b"data", content_type="application/gzip")
    said: dict[str, Any] = {f"{kind}_key": {"issued": issued, "reference": REFERENCE[kind]}.get(name, name)}
    task = end(system, verdict, **said)
    other = {"result": task.error_key, "error": task.result_key}[kind]
    assert ({"result": task.result_key, "error": task.error_key}[kind], other) == (issued, None)
    assert task.seal == system.storage.seal_of(issued)


def test_what_the_runner_says_of_its_result_counts_before_what_lies_there(system: System) -> None:
    key = claim(system).result_key
    assert end(system, COMPLETED, result_key=key, seal="sha256:ab").seal == "sha256:ab"


def test_an_end_may_be_said_again_by_any_name_that_was_issued(system: System) -> None:
    key = claim(system).result_key
    first = end(system, COMPLETED, result_key=key)
    for name in (key, REFERENCE["result"]):
        assert end(system, COMPLETED, result_key=name) == first
        assert end(system, COMPLETED, result_key=name, attempt=None) == first
    assert refused(system, COMPLETED, result_key="made/up").code == "task_finished"


def test_an_end_that_differs_is_refused(system: System) -> None:
    urls = claim(system)
    end(system, FAILED, error_key=urls.error_key)
    for said in (
        {"error_type": "other", "error_key": urls.error_key}, {}, {"status": TaskStatus.COMPLETED, "error_type": None},
        {"error_key": urls.error_key, "attempt": 2}, {"error_key": urls.error_key, "runner_id": "two"},
    ):  # fmt: skip
        assert refused(system, FAILED, **said).code in ("task_finished", "lease_lost", "invalid_runner"), said
    assert refused(system, FAILED, error_key=urls.error_key, attempt=2).code == "lease_lost"
    assert refused(system, FAILED, error_key=urls.error_key, runner_id="two").code == "invalid_runner"


def test_a_key_tells_the_attempt_of_who_does_not_say_it(system: System) -> None:
    old = lost_and_claimed_again(system)
    assert refused(system, COMPLETED, result_key=old.result_key, attempt=None).code == "lease_lost"
    assert refused(system, FAILED, error_key=old.error_key, attempt=None).code == "lease_lost"
    assert end(system, COMPLETED, attempt=None, result_key=REFERENCE["result"]).attempt == 2


def test_a_key_of_another_attempt_is_refused_whatever_attempt_is_said(system: System) -> None:
    old = lost_and_claimed_again(system)
    assert refused(system, COMPLETED, result_key=old.result_key, attempt=2).code == "foreign_key"
    assert refused(system, COMPLETED, result_key=old.result_key, attempt=1).code == "lease_lost"


@pytest.mark.parametrize(("verdict", "kind"), [(COMPLETED, "result"), (FAILED, "error")])
def test_a_key_that_was_issued_for_another_task_is_named(system: System, verdict: Verdict, kind: str) -> None:
    claim(system)
    foreign = f"runs/r/results/2/1-x/{kind}.tar.gz"
    refusal = refused(system, verdict, **{f"{kind}_key": foreign})
    assert refusal.code == "foreign_key"
    assert f"s3_{kind}_key was not issued for this task: {foreign}" in refusal.words
    assert len(refused(system, verdict, **{f"{kind}_key": "runs/" + "x" * 999}).words) < 300


@pytest.mark.parametrize("key", [None, "made/up", REFERENCE["result"], "runs/r/results/1/1-x/result.tar.gz"])
def test_only_the_holder_ends_a_task_whatever_it_names(system: System, key: str | None) -> None:
    claim(system)
    assert refused(system, COMPLETED, result_key=key, runner_id="two").code == "invalid_runner"
    assert refused(system, COMPLETED, result_key=key, attempt=2).code in ("lease_lost", "foreign_key")
    assert refused(system, COMPLETED, result_key=key and key.replace("r.1", "r.77"), number=77).code == "task_not_found"
    assert [task.status for task in system.all()] == [TaskStatus.CLAIMED, TaskStatus.PENDING]


@pytest.mark.parametrize("key", ["made/up", REFERENCE["result"]])
def test_a_runner_whose_lease_ran_out_has_nothing_to_end(system: System, key: str) -> None:
    claim(system)
    system.clock.pass_s(121)
    system.sweep()
    assert refused(system, COMPLETED, result_key=key).code == "lease_lost"


def test_a_key_that_all_runners_share_ends_no_attempt_that_has_a_token(system: System) -> None:
    urls = claim(system, bound=True)
    for verdict in (COMPLETED, FAILED, replace(FAILED, failure_class=FailureClass.INFRASTRUCTURE)):
        for key in (None, "made/up", urls.result_key):
            said = {"result_key" if verdict is COMPLETED else "error_key": key, "fleet_key": True}
            assert refused(system, verdict, **said).code in ("attempt_token_needed", "foreign_key")
    assert refused(system, COMPLETED, fleet_key=True).code == "attempt_token_needed"
    assert end(system, COMPLETED, result_key=urls.result_key).status is TaskStatus.COMPLETED


def test_a_task_is_handed_back_while_attempts_are_left_and_only_by_its_holder(system: System) -> None:
    claim(system)
    broken = replace(FAILED, failure_class=FailureClass.INFRASTRUCTURE)
    assert refused(system, broken, runner_id="two").code == "invalid_runner"
    assert refused(system, broken, attempt=2).code == "lease_lost"
    assert end(system, broken, attempt=None).status is TaskStatus.PENDING
    assert end(system, broken).status is TaskStatus.PENDING  # the same word again
    assert refused(system, broken, number=77).code == "task_not_found"


def test_what_a_config_makes_fail_everywhere_is_not_handed_back(system: System) -> None:
    claim(system)
    broken = replace(FAILED, failure_class=FailureClass.INFRASTRUCTURE, error_type="invalid_options")
    assert end(system, broken).status is TaskStatus.FAILED
