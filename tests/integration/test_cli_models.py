"""`benchfleet models …` and `benchfleet executors …` against the whole system."""

import json

import jsonschema
import pytest
from benchfleet.cli.documents.schema import schema_of

from tests.integration.api_client import Api, Json, fresh
from tests.integration.command_line import CommandLine
from tests.unit.registry_records import a_model


def announced(api: Api, *models: str, **more: object) -> Json:
    body = {
        "executor_id": fresh("host"), "instance_id": "p", "heartbeat_interval_s": 300,
        "models": [a_model(one) for one in models], **more,
    }  # fmt: skip
    reply = api("POST", "/executors", body, role="runner")
    assert reply.status_code == 201, reply.text
    document: Json = reply.json()
    return document


def document(cli: CommandLine, command: str, *words: str, code: int = 0) -> Json:
    done = cli(*command.split(), *words, "--json")
    assert done.code == code, done.err
    made: Json = json.loads(done.out)
    jsonschema.Draft202012Validator(schema_of(command)).validate(made)
    return made


@pytest.mark.system
def test_models_are_discovered_queried_and_listed(cli: CommandLine, api: Api) -> None:
    model = f"org/{fresh('model')}:20b"
    made = announced(api, model, labels={"gpu": "H200"})
    found = document(cli, "models discover", "--prefix", model)
    assert [(one["model_id"], one["executor_count"]) for one in found["models"]] == [(model, 1)]
    queried = document(cli, "models query", model, "--strategy", "cheapest")
    assert [one["executor_id"] for one in queried["executors"]] == [made["executor_id"]]
    listed = cli("models", "list")
    assert (listed.code, f"{model}  {made['executor_id']}" in listed.out.replace("   ", "  ")) == (0, True)
    assert document(cli, "models stats")["total_models"] >= 1


def test_exit_codes_say_what_was_found(cli: CommandLine, api: Api) -> None:
    none = fresh("nobody-has")
    assert document(cli, "models query", none, code=3)["executors"] == []
    model = fresh("full")
    made = announced(api, model)
    busy = {"generation": made["generation"], "sequence": 1, "load": {"active": 1}}
    api("POST", f"/executors/{made['executor_id']}/heartbeat", busy, role="runner")
    full = cli("models", "query", model)
    assert (full.code, "is full just now" in full.err) == (4, True)
    assert cli("models", "discover", "--api-url", "http://127.0.0.1:9").code == 1


def test_an_executor_is_shown_drained_and_removed(cli: CommandLine, api: Api) -> None:
    model = fresh("shown")
    made = announced(api, model, labels={"rack": "r-7"})
    executor_id = made["executor_id"]
    listed = document(cli, "executors list", "--label", "rack=r-7")["executors"]
    assert [one["executor_id"] for one in listed] == [executor_id]
    shown = document(cli, "executors show", executor_id)
    assert ([one["model_id"] for one in shown["models"]], shown["events"][0]["type"]) == ([model], "announced")
    text = cli("executors", "show", executor_id).out
    assert all(words in text for words in (executor_id, model, "announced"))
    drained = document(cli, "executors drain", executor_id, "--reason", "maintenance")
    assert drained["executor"]["status"] == "draining"
    assert document(cli, "executors remove", executor_id) == {"executor_id": executor_id, "removed": True}
    missing = cli("executors", "show", fresh("never"))
    assert (missing.code, "does not exist" in missing.err) == (2, True)
    assert cli("executors", "list", "--label", "x").code == 2


def test_changes_are_followed_line_by_line(cli: CommandLine, api: Api) -> None:
    before = api("GET", "/registry/events").json()["registry_revision"]
    made = announced(api, fresh("watched"))
    done = cli("models", "watch", "--after", str(before), "--timeout", "1", "--json")
    changes = [json.loads(line) for line in done.out.splitlines()]
    jsonschema.Draft202012Validator(schema_of("models watch")).validate(changes[0])
    assert (made["executor_id"], "announced") in [(one["executor_id"], one["type"]) for one in changes]
