"""The stand-alone executor as a process: it announces, beats, follows its backends, and ends as it should."""

import signal
import threading
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from benchfleet.cli.documents.schema import schema_of

from tests.integration.api_client import Api, fresh
from tests.integration.command_line import CommandLine
from tests.integration.executor_processes import CATALOG, events, executor, until
from tests.integration.runner_server import Reply, control_plane
from tests.unit.model_servers import compatible, serving

pytestmark = pytest.mark.system

LEASE = {
    "heartbeat_interval_s": 60,
    "stale_after_s": 180,
    "removal_after_s": 600,
    "lease_expires_at": 0,
    "removal_at": 0,
}
ANNOUNCED = {
    "executor_id": "host", "generation": 7, "catalog_version": 1, "accepted_models": 0, "server_time": 0.0,
    "registry_revision": 1, "lease": LEASE,
}  # fmt: skip


@pytest.fixture
def key(api: Api) -> str:
    return api.ready.keys.runner


def test_it_announces_beats_and_leaves_with_sigterm(api: Api, key: str, tmp_path: Path) -> None:
    (tmp_path / "executor.toml").write_text(CATALOG.format(model="org/one:7b"))
    name, where = fresh("host"), api.ready.api_url.removeprefix("http://")
    with executor(where, key, "--config", str(tmp_path / "executor.toml"), EXECUTOR_ID=name) as started:
        told = started.announced()
        jsonschema.Draft202012Validator(schema_of("executor")).validate(told)
        shown = api("GET", f"/executors/{name}").json()
        assert (told["executor_id"], told["generation"], told["models"]) == (name, shown["executor"]["generation"], 1)
        health = started.healthz(told)
        assert (health.status_code, health.json()["announced"], health.json()["status"]) == (200, True, "ok")
        until(lambda: api("GET", f"/executors/{name}").json()["sequence"] >= 2)
        assert started.healthz(told).json()["heartbeats_sent"] >= 2
        assert started.end(signal.SIGTERM) == 0
    assert events(api, name) == ["announced", "draining", "removed"]
    assert key not in started.errors


def test_what_its_backend_loads_or_unloads_is_told_without_a_restart(api: Api, key: str, tmp_path: Path) -> None:
    name = fresh("host")

    def models() -> Any:
        return api("GET", f"/executors/{name}").json()["executor"]["model_ids"]

    with serving(compatible("one")) as server:
        (tmp_path / "c.toml").write_text(f'[[backends]]\nname = "llm"\nbase_url = "{server.url}/v1/"\n')
        told = {"CONFIG_FILE": str(tmp_path / "c.toml"), "EXECUTOR_ID": name, "DISCOVERY_INTERVAL": "300"}
        with executor(api.ready.api_url, key, **told) as started:
            started.announced()
            assert models() == ["one"]
            server.routes = compatible("one", "two").routes
            api("POST", f"/executors/{name}/commands", {"command": "rediscover"})
            until(lambda: models() == ["one", "two"])
            assert started.end(signal.SIGINT) == 0


def test_a_second_process_with_its_id_ends_the_first(api: Api, key: str) -> None:
    name = fresh("host")
    with executor(api.ready.api_url, key, EXECUTOR_ID=name) as first:
        generation = first.announced()["generation"]
        with executor(api.ready.api_url, key, EXECUTOR_ID=name) as second:
            assert second.announced()["generation"] > generation
            assert first.wait() == 75
            assert api("GET", f"/executors/{name}").json()["executor"]["status"] == "available"
            assert second.end(signal.SIGTERM) == 0


@pytest.mark.proof
def test_without_an_id_each_process_of_a_user_has_one_that_it_keeps(api: Api, key: str, tmp_path: Path) -> None:
    own = {"XDG_CACHE_HOME": str(tmp_path)}
    with executor(api.ready.api_url, key, **own) as first, executor(api.ready.api_url, key, **own) as second:
        ids = [first.announced()["executor_id"], second.announced()["executor_id"]]
        assert len(set(ids)) == 2
        assert [one.end(signal.SIGTERM) for one in (first, second)] == [0, 0]
    with executor(api.ready.api_url, key, **own) as again:
        assert again.announced()["executor_id"] in ids
        again.end(signal.SIGTERM)


@pytest.mark.proof
def test_refused_by_the_control_plane_it_ends_with_77(api: Api) -> None:
    with executor(api.ready.api_url, api.ready.keys.reader) as started:
        assert started.wait() == 77


def test_what_makes_no_sense_is_named(cli: CommandLine) -> None:
    for flags, words in (
        (("--validator-address", "ftp://x"), "VALIDATOR_ADDRESS"),
        (("--executor-id", "no id"), "EXECUTOR_ID"),
        (("--advertise-endpoint", "here"), "ADVERTISE_ENDPOINT"),
        (("--heartbeat-interval", "0.5"), "HEARTBEAT_INTERVAL"),
    ):
        ended = cli("executor", *flags)
        assert (ended.code, words in ended.err) == (2, True), ended.err


@pytest.mark.proof
def test_a_config_that_cannot_be_read_and_a_missing_key_are_named() -> None:
    for told, words in (({"CONFIG_FILE": "/nowhere/x.toml"}, "CONFIG_FILE"), ({"API_KEY": ""}, "missing key")):
        with executor("127.0.0.1:9", "k", **told) as started:
            assert started.wait() == 2
        assert words in started.errors


def test_it_survives_a_control_plane_that_is_down_and_a_second_signal_ends_it_at_once() -> None:
    never = threading.Event()
    with control_plane() as plane:
        plane.script["executors"] = [Reply(status=503), Reply(status=503), Reply(body=ANNOUNCED)]
        plane.script["drain"] = [Reply(after=never)]
        with executor(plane.url, "k", EXECUTOR_ID="host") as started:
            assert started.announced()["generation"] == 7
            started.process.send_signal(signal.SIGTERM)
            plane.wait_for(lambda: bool(plane.of("drain")))
            assert started.end(signal.SIGTERM) == 128 + signal.SIGTERM
        never.set()
    assert len(plane.of("executors")) == 3


@pytest.mark.proof
def test_a_control_plane_that_never_answers_does_not_keep_it() -> None:
    never = threading.Event()
    with control_plane() as plane:
        plane.script = {"executors": [Reply(body=ANNOUNCED)], "drain": [Reply(after=never)]}
        with executor(plane.url, "k", EXECUTOR_ID="host", DRAIN_TIMEOUT="1") as started:
            started.announced()
            began = time.monotonic()
            assert started.end(signal.SIGTERM) == 0
            assert time.monotonic() - began < 15
        never.set()


@pytest.mark.proof
def test_not_to_announce_is_a_switch() -> None:
    with control_plane() as plane, executor(plane.url, "k", ANNOUNCE_MODELS="false") as started:
        until(lambda: "not_announced" in started.process.stderr.readline())  # type: ignore[union-attr]
        assert started.end(signal.SIGTERM) == 0
        assert plane.calls == []
