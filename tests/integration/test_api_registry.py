"""Executors and models over HTTP, as the protocol says: statuses, numbers, bodies."""

from typing import Any

import httpx
from benchfleet_contract.registry.executors import AnnounceReply, ExecutorDetail, ExecutorHeartbeatReply
from benchfleet_contract.registry.models import FoundModel, ModelList, RegistryStats, SelectReply

from tests.each_case import each_case
from tests.integration.api_client import Api, Json, fresh
from tests.unit.registry_records import a_model


def body(executor_id: str, *models: Any, **more: Any) -> Json:
    sent = [a_model(one) if isinstance(one, str) else one for one in models]
    return {"executor_id": executor_id, "instance_id": "process-1", "heartbeat_interval_s": 60, "models": sent, **more}


def announce(api: Api, *models: Any, **more: Any) -> AnnounceReply:
    reply = api("POST", "/executors", body(fresh("host"), *models, **more), role="runner")
    assert reply.status_code == 201, reply.text
    return AnnounceReply.model_validate(reply.json())


def beat(api: Api, made: AnnounceReply, sequence: int, **more: Any) -> httpx.Response:
    sent = {"generation": made.generation, "sequence": sequence, **more}
    return api("POST", f"/executors/{made.executor_id}/heartbeat", sent, role="runner")


def refusal(reply: httpx.Response) -> tuple[int, int, str]:
    document = reply.json()
    return reply.status_code, document["code"], document["name"]


def test_an_executor_comes_beats_changes_drains_and_leaves(api: Api) -> None:
    model_id = f"org/{fresh('model')}:20b"
    made = announce(api, model_id)
    path = f"/executors/{made.executor_id}"
    shown = ExecutorDetail.model_validate(api("GET", path).json())
    assert ([one.model_id for one in shown.models], shown.executor.status) == ([model_id], "available")
    again = api("POST", "/executors", body(made.executor_id, model_id), role="runner")
    assert (again.status_code, again.json()["generation"]) == (200, made.generation)
    assert ExecutorHeartbeatReply.model_validate(beat(api, made, 1, load={"active": 0}).json()).status == "available"
    found = FoundModel.model_validate(api("GET", "/models/find", params={"model_id": model_id}).json())
    assert [one.executor_id for one in found.executors] == [made.executor_id]
    change = {"generation": made.generation, "sequence": 1, "models": []}
    assert api("PUT", f"{path}/models", change, role="runner").json()["removed"] == [model_id]
    gone = api("GET", "/models/find", params={"model_id": model_id})
    assert refusal(gone) == (404, 2003, "model_not_found")
    added = {"generation": made.generation, "sequence": 2, "update_type": "AddModels"}
    added["updates"] = [{"model_id": model_id, "descriptor": a_model(model_id)}]
    assert api("POST", f"{path}/models", added, role="runner").json()["added"] == [model_id]
    drained = api("POST", f"{path}/drain", {"generation": made.generation, "reason": "done"}, role="runner")
    assert drained.json()["status"] == "draining"
    left = api("DELETE", f"{path}?generation={made.generation}", role="runner")
    assert (left.status_code, left.content) == (204, b"")
    assert refusal(api("GET", path)) == (410, 2002, "executor_gone")
    assert refusal(beat(api, made, 9)) == (410, 2002, "executor_gone")
    events = api("GET", f"{path}/events", params={"limit": "3"}).json()
    assert [one["type"] for one in events["events"]] == ["removed", "draining", "updated"]
    assert events["next_cursor"]


def test_everything_wrong_with_an_announcement_is_told_at_once(api: Api) -> None:
    bad = body(fresh("bad"), "fine", {"model_id": "", "backend_type": "?", "capabilities": {"max_context_length": 0}})
    reply = api("POST", "/executors", bad, role="runner")
    assert refusal(reply) == (400, 3002, "malformed_message")
    assert [(one["index"], one["field"]) for one in reply.json()["details"]] == [
        (1, "models[1].model_id"), (1, "models[1].backend_type"), (1, "models[1].capabilities.max_context_length")
    ]  # fmt: skip
    assert refusal(api("GET", f"/executors/{bad['executor_id']}")) == (404, 2002, "executor_not_found")


@each_case(
    ("changes", "expected"),
    [
        ({"protocol_version": 2}, (400, 3001, "invalid_protocol_version")),
        ({"timestamp": 5}, (400, 1003, "expired_message")),
        ({"models": [a_model(f"m-{n}") for n in range(51)]}, (400, 2005, "model_limit_exceeded")),
        ({"models": [a_model("m"), a_model("m")]}, (400, 3002, "malformed_message")),
        ({"labels": {"x": "y" * 300 * 1024}}, (413, 3002, "malformed_message")),
        ({"instance_id": None}, (400, 3002, "malformed_message")),
    ],
)
def test_what_is_refused_has_its_number(api: Api, changes: Json, expected: tuple[int, int, str]) -> None:
    assert refusal(api("POST", "/executors", body(fresh("bad")) | changes, role="runner")) == expected


def test_a_body_that_is_no_json_or_holds_nan(api: Api) -> None:
    for text in ("{", '{"instance_id": NaN}', "[]"):
        reply = api("POST", "/executors", role="runner", content=text, headers={"Content-Type": "application/json"})
        assert refusal(reply) == (400, 3002, "malformed_message")


def test_keys_have_their_numbers_too(api: Api) -> None:
    assert refusal(api("POST", "/executors", body(fresh()), role=None)) == (401, 1001, "unauthorized")
    reader = api("POST", "/executors", body(fresh()), role="reader")
    assert (reader.status_code, reader.json()["code"]) == (403, 1002)
    made = announce(api)
    admin = api("POST", "/executors", body(made.executor_id, instance_id="other"), role="admin")
    assert admin.status_code == 200  # an admin may speak for every executor
    assert refusal(beat(api, made, 1)) == (409, 2006, "fenced")
    assert beat(api, made, 1).json()["generation"] == admin.json()["generation"]


def test_who_is_there_has_an_etag(api: Api) -> None:
    model_id = fresh("tagged")
    made = announce(api, model_id)
    params = {"prefix": model_id}
    first = api("GET", "/models", params=params)
    assert [one.model_id for one in ModelList.model_validate(first.json()).models] == [model_id]
    headers = {"If-None-Match": first.headers["etag"]}
    second = api("GET", "/models", params=params, headers=headers)
    assert (second.status_code, second.content) == (304, b"")
    api("DELETE", f"/executors/{made.executor_id}", role="admin")
    third = api("GET", "/models", params=params, headers=headers)
    assert (third.status_code, third.json()["models"]) == (200, [])
    assert "etag" not in api("GET", "/models", params={"include": "executors"}).headers


def test_one_is_selected_with_a_slot_kept_for_it(api: Api) -> None:
    model_id = fresh("selected")
    announce(api, model_id)
    asked = {"model_id": model_id, "reserve": {"slots": 1}}
    kept = SelectReply.model_validate(api("POST", "/models/select", asked, role="runner").json())
    full = api("POST", "/models/select", asked, role="runner")
    assert (refusal(full), full.headers["retry-after"]) == ((503, 2001, "all_overloaded"), "5")
    assert api("DELETE", f"/reservations/{kept.reservation_id}", role="runner").status_code == 204
    assert api("POST", "/models/select", asked, role="runner").status_code == 200


@each_case(
    ("path", "params"),
    [
        ("/models", {"limit": "0"}), ("/models", {"limit": "x"}), ("/models", {"status": "some"}),
        ("/models", {"backend_type": "?"}), ("/models", {"min_success_rate": "2"}), ("/models", {"max_price": "-1"}),
        ("/models/find", {}), ("/models/find", {"model_id": "m", "strategy": "best"}), ("/executors", {"status": "?"}),
        ("/registry/events", {"after": "x"}), ("/executors/x/events", {"cursor": "RUN"}),
    ],
)  # fmt: skip
def test_questions_that_make_no_sense_are_refused(api: Api, path: str, params: dict[str, str]) -> None:
    reply = api("GET", path, params=params)
    assert (reply.status_code, reply.json()["code"], len(reply.json()["details"])) == (400, 3002, 1)


def test_statistics_the_feed_and_the_older_protocol(api: Api) -> None:
    before = api("GET", "/registry/events").json()["registry_revision"]
    made_up = fresh("gpu")
    made = announce(api, fresh("m"), labels={"gpu": made_up})
    stats = RegistryStats.model_validate(api("GET", "/registry/stats").json())
    assert stats.connected_executors >= 1
    news = api("GET", "/registry/events", params={"after": str(before)}).json()["events"]
    assert (made.executor_id, "announced") in [(one["executor_id"], one["type"]) for one in news]
    listed = api("GET", "/executors", params={"label.gpu": made_up}).json()["executors"]
    assert [one["executor_id"] for one in listed] == [made.executor_id]
    question = {"query_type": "ExecutorInfo", "executor_ids": [made.executor_id], "query_id": "q-1"}
    answer = api("POST", "/models/query", question, role="reader").json()
    assert (answer["query_id"], answer["total_count"]) == ("q-1", 1)


def test_health_tells_that_announcements_are_taken(api: Api) -> None:
    assert api("GET", "/health", role=None).json()["status"] == "ok"
    assert api("GET", "/health", role=None).json()["announcements"] is True


def test_an_admin_sweeps_releases_and_commands(api: Api) -> None:
    made = announce(api)
    assert api("POST", f"/executors/{made.executor_id}/release", role="runner").status_code == 403
    assert api("POST", f"/executors/{made.executor_id}/release").status_code == 200
    told = api("POST", f"/executors/{made.executor_id}/commands", {"command": "rediscover"})
    assert told.status_code == 200
    assert beat(api, made, 1).json()["commands"] == [
        {"command": "rediscover", "heartbeat_interval_s": None, "reason": None}
    ]
    assert api("POST", "/registry/sweep").json()["scanned"] >= 1
