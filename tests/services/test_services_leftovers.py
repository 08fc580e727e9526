"""Nothing stays in the bucket for ever that nobody can find: uploads of attempts that lost, and of creations that died."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.archive import layout
from chalicelib.domain.deleting import HANDED_OUT_MS
from chalicelib.services.runs.sweep import ABANDONED_MS
from tests.contract.records import a_request, a_verdict
from tests.contract.system import BODY, Killed, System


def keys(system: System) -> list[str]:
    return system.objects.list_some(layout.run_prefix("r"))


def claim_and_upload(system: System, runner: str) -> tuple[str, int]:
    """The key of what it uploaded, and its task's number."""
    reply = system.claim_task("r", a_request(runner, token=runner, now_ms=system.clock()))
    assert reply.task
    assert reply.presigned_urls
    key = reply.presigned_urls.result_key
    system.objects.put(key, b"of " + runner.encode(), content_type="application/gzip")
    return key, int(reply.task.id.rpartition(".")[2])


def with_a_lost_attempt(system: System) -> tuple[str, str]:
    """A run of one task, with its archive: the keys of the attempt that lost its lease, and of the one that counts."""
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}})
    lost, _ = claim_and_upload(system, "one")
    system.clock.pass_s(121)
    system.sweep()
    kept, number = claim_and_upload(system, "two")
    verdict = a_verdict("two", attempt=2, nonce=None, result_key=kept)
    system.finish_task("r", number, replace(verdict, now_ms=system.clock()))
    system.drain()
    system.finalize()
    return lost, kept


def later(system: System, seconds: float) -> None:
    system.clock.pass_s(seconds)
    system.sweep()
    system.collect_all()


def test_what_a_lost_attempt_uploaded_goes_once_no_url_is_valid_any_more(system: System) -> None:
    lost, kept = with_a_lost_attempt(system)
    later(system, HANDED_OUT_MS / 1000 - 1)
    assert lost in keys(system)
    system.objects.put(lost, b"late", content_type="application/gzip")
    later(system, 2)
    assert lost not in keys(system)
    assert {kept, layout.archive_key("r"), layout.request_key("r")} <= set(keys(system))
    assert system.leftovers.due(now_ms=system.clock() + HANDED_OUT_MS) == []


def test_a_run_whose_archive_is_not_there_yet_is_asked_for_again(system: System) -> None:
    system.create_run(BODY)
    lost, _ = claim_and_upload(system, "one")
    system.leftovers.mark("r", due_ms=system.clock())
    later(system, 1)
    assert lost in keys(system)
    assert system.leftovers.due(now_ms=system.clock()) == ["r"]


def test_of_a_deleted_run_nothing_but_the_mark_is_left_to_go(system: System) -> None:
    system.leftovers.mark("r", due_ms=system.clock())
    later(system, 1)
    assert system.leftovers.due(now_ms=system.clock()) == []


def test_a_later_time_counts(system: System) -> None:
    for due_ms in (5, 9, 7):
        system.leftovers.mark("r", due_ms=due_ms)
    assert (system.leftovers.due(now_ms=8), system.leftovers.due(now_ms=9)) == ([], ["r"])


@pytest.mark.parametrize("writes", [4, 5])
def test_a_creation_that_died_leaves_nothing(system: System, writes: int) -> None:
    subjects: dict[str, Any] = {"metadata": {"note": "x"}}
    system.die_after(writes)
    with pytest.raises(Killed):
        system.create_run({**BODY, **subjects})
    system.revive()
    assert keys(system)
    system.clock.pass_s(ABANDONED_MS / 1000 + 1)
    system.sweep()
    system.remove()
    assert keys(system) == []
    assert system.runs.get("r") is None
    assert system.create_run(BODY).run_id == "r"
