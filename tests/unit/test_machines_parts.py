"""Small parts of the emulated machines: tokens, endings, metadata, and the words of their programs."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from local_emulator.machines.bin import packages
from local_emulator.machines.bin.docker_words import PLAIN, SHORT, VALUED, Reader, Refused, given, signal_number
from local_emulator.machines.endings import BY_ITSELF, BY_SPOT, BY_USER, Ending
from local_emulator.machines.faults import Capacity, FaultPlan, Faults
from local_emulator.machines.metadata import TOKEN, TTL, Facts, Tokens, answer
from local_emulator.machines.tokens import ClientTokens, Conflict
from tests.each_case import each_case

RUN = Reader("run", valued=VALUED, plain=PLAIN, short=SHORT)
NOTICE = datetime(2027, 1, 15, 8, 2, tzinfo=UTC)


def facts(**changes: Any) -> Facts:
    settled: dict[str, Any] = {
        "instance_id": "i-1", "instance_type": "c8g.medium", "image_id": "ami-1", "architecture": "arm64",
        "region": "us-east-1", "zone": "us-east-1a", "private_ip": "172.31.0.4", "life_cycle": "spot",
        "profile_arn": "arn:p", "user_data": b"#!/bin/sh", "launched_at": NOTICE, "tags": {"benchfleet:run": "r"}, "notice": None,
    }  # fmt: skip
    return Facts(**{**settled, **changes})


class HandTime:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_token_names_one_request() -> None:
    tokens = ClientTokens()
    assert tokens.earlier("us-east-1", "t", {"a": 1}) is None
    tokens.remember("us-east-1", "t", {"a": 1}, ["i-1"])
    assert tokens.earlier("us-east-1", "t", {"a": 1}) == ["i-1"]
    assert tokens.earlier("eu-west-1", "t", {"a": 2}) is None
    with pytest.raises(Conflict) as caught:
        tokens.earlier("us-east-1", "t", {"a": 2})
    assert caught.value.made == ["i-1"]


def test_no_token_is_no_promise() -> None:
    tokens = ClientTokens()
    tokens.remember("us-east-1", None, {"a": 1}, ["i-1"])
    assert tokens.earlier("us-east-1", None, {"a": 1}) is None


def test_the_sooner_ending_counts_and_a_later_order_replaces_the_earlier() -> None:
    now = HandTime()
    ending = Ending(now)
    ending.ask(BY_ITSELF, after_s=60)
    ending.ask(BY_SPOT, after_s=30)
    ending.ask(BY_ITSELF, after_s=10)
    now.now += 9
    assert not ending.asked()
    now.now += 1
    assert ending.wait() is BY_ITSELF


def test_an_ending_that_was_called_off_does_not_come() -> None:
    now = HandTime()
    ending = Ending(now)
    ending.ask(BY_ITSELF, after_s=10)
    ending.cancel(BY_ITSELF.code)
    now.now += 3600
    assert not ending.asked()
    ending.ask(BY_USER)
    assert ending.wait() is BY_USER


def test_faults_count_down_and_are_replaced_as_a_whole() -> None:
    faults = Faults(FaultPlan(capacity=[Capacity(left=2)], never_boot=1, unpullable=["*/runner@*"]))
    assert not faults.take("c8g.medium", zone="a", market="spot", count=3)
    assert faults.take("c8g.medium", zone="a", market="spot", count=2)
    assert not faults.take("c8g.medium", zone="a", market="spot")
    assert [faults.boots(), faults.boots()] == [False, True]
    assert (faults.pullable("1.ecr/runner@sha256:0"), faults.pullable("debian")) == (False, True)
    faults.set(FaultPlan())
    assert faults.take("c8g.medium", zone="a", market="spot")


def get(path: str, *, tokens: Tokens, token: str | None = None, **changes: Any) -> tuple[int, str]:
    return answer("GET", f"/latest/{path}", {TOKEN: token} if token else {}, facts(**changes), tokens)


def test_metadata_needs_a_token_which_ends() -> None:
    now = HandTime()
    tokens = Tokens(now)
    status, token = answer("PUT", "/latest/api/token", {TTL: "60"}, facts(), tokens)
    assert status == 200
    assert get("meta-data/instance-id", tokens=tokens) == (401, "Unauthorized")
    assert get("meta-data/instance-id", tokens=tokens, token="guessed") == (401, "Unauthorized")
    assert get("meta-data/instance-id", tokens=tokens, token=token) == (200, "i-1")
    now.now += 61
    assert get("meta-data/instance-id", tokens=tokens, token=token) == (401, "Unauthorized")


@each_case("ttl", ["", "0", "21601", "x"])
def test_a_token_is_asked_for_with_a_time(ttl: str) -> None:
    assert answer("PUT", "/latest/api/token", {TTL: ttl}, facts(), Tokens())[0] == 400


def test_metadata_of_version_1_only_where_it_was_asked_for() -> None:
    assert get("meta-data/placement/region", tokens=Tokens(), tokens_required=False) == (200, "us-east-1")


def test_what_metadata_tells() -> None:
    tokens = Tokens()
    _, token = answer("PUT", "/latest/api/token", {TTL: "60"}, facts(), tokens)

    def told(path: str, **changes: Any) -> tuple[int, str]:
        return get(path, tokens=tokens, token=token, **changes)

    document = json.loads(told("dynamic/instance-identity/document")[1])
    assert (document["instanceId"], document["instanceType"], document["availabilityZone"]) == (
        "i-1",
        "c8g.medium",
        "us-east-1a",
    )
    assert told("meta-data/tags/instance/benchfleet:run") == (200, "r")
    assert told("meta-data/tags/instance/benchfleet:run", tags=None)[0] == 404
    assert told("meta-data/spot/instance-action")[0] == 404
    notice = json.loads(told("meta-data/spot/instance-action", notice=NOTICE)[1])
    assert notice == {"action": "terminate", "time": "2027-01-15T08:02:00Z"}
    assert told("meta-data/nothing")[0] == 404


def test_docker_s_options_are_read_as_docker_reads_them() -> None:
    words = ["-di", "--name=a", "--env", "A=1", "-eB=2", "--cpuset-cpus", "0,1", "IMAGE", "--api-key-file", "-"]
    found, rest = RUN.read(words)
    assert rest == ["IMAGE", "--api-key-file", "-"]
    assert found["--name"] == ["a"]
    assert {"--detach", "--interactive"} <= found.keys()
    assert given(found) == {"A": "1", "B": "2"}


@each_case(
    ("words", "message"),
    [
        (["--cpuset", "0", "IMAGE"], "unknown flag: --cpuset"),
        (["-Z", "IMAGE"], "unknown shorthand flag: -Z"),
        (["--name"], "flag needs an argument: --name"),
    ],
)
def test_docker_s_refusals(words: list[str], message: str) -> None:
    with pytest.raises(Refused, match=message) as caught:
        RUN.read(words)
    assert caught.value.code == 125


def test_signals_by_name_and_number() -> None:
    assert [signal_number(name) for name in ("TERM", "SIGKILL", "2")] == [15, 9, 2]
    with pytest.raises(Refused, match="Invalid signal"):
        signal_number("TREM")


@each_case(
    ("program", "words", "code"),
    [
        ("dnf", ["install", "--assumeyes", "--quiet", "docker"], 0),
        ("dnf", ["install", "docker"], 1),
        ("dnf", ["install", "-y", "dokcer"], 1),
        ("dnf", ["instal", "-y", "docker"], 1),
        ("dnf", ["install", "--yes", "docker"], 2),
        ("systemctl", ["start", "docker"], 0),
        ("systemctl", ["enable", "--now", "docker.service"], 0),
        ("systemctl", ["start", "dokcer"], 5),
        ("systemctl", ["strat", "docker"], 1),
        ("systemctl", ["start", "--nwo", "docker"], 1),
    ],
)
def test_a_wrong_line_fails_as_on_amazon_linux(program: str, words: list[str], code: int) -> None:
    assert getattr(packages, program)(words) == code
