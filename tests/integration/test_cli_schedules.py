"""`benchfleet schedule …` against the whole system."""

import json
from pathlib import Path

import jsonschema
import pytest
from benchfleet.cli.documents.schema import schema_of

from tests.integration.api_client import Api, fresh
from tests.integration.command_line import CommandLine

CONFIG = {"workload": "mock", "per_instance_type": {"tasks": 1}, "local": [{"instance_type": "docker"}]}


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIG), encoding="utf-8")
    return str(path)


def test_a_schedule_from_its_making_to_its_end(cli: CommandLine, api: Api, config: str) -> None:
    name = fresh("cli")
    asked = ("schedule", "create", name, "-c", config, "--cron", "0 3 * * ? *", "--time-zone", "Europe/Berlin")
    told = ("--notify", "failure=https://hooks.example.com/a=b", "--json")
    made = cli(*asked, *told).document()
    jsonschema.Draft202012Validator(schema_of("schedule create")).validate(made)
    assert (made["expression"], made["run"]) == ("cron(0 3 * * ? *)", CONFIG)
    assert made["notify"][0] == {**made["notify"][0], "on": ["failure"], "webhook": "https://hooks.example.com/…"}
    assert made["webhook_secret"].startswith("whsec_")
    again = cli(*asked, *told[:2])
    assert (again.code, again.out.count(" 03:00"), "secret" in again.out) == (0, 5, False)

    listed = cli("schedule", "list", "--json").document()
    jsonschema.Draft202012Validator(schema_of("schedule list")).validate(listed)
    assert name in [each["name"] for each in listed["schedules"]]

    fired = cli("schedule", "run-now", name, "--json").document()
    jsonschema.Draft202012Validator(schema_of("schedule run-now")).validate(fired)
    shown = api.until(f"/schedules/{name}", lambda document: document["last"] and document["last"]["run_id"])
    text = cli("schedule", "show", name).out
    assert shown["last"]["run_id"] in text
    jsonschema.Draft202012Validator(schema_of("schedule show")).validate(
        cli("schedule", "show", name, "--json").document()
    )
    api("POST", f"/runs/{shown['last']['run_id']}/stop")

    refused = cli("schedule", "delete", name)
    assert (refused.code, "say --yes" in refused.err) == (2, True)
    gone = cli("schedule", "delete", name, "--yes", "--json").document()
    assert gone == {"schedule": name, "deleted": True}
    missing = cli("schedule", "show", name)
    assert (missing.code, f"schedule {name} does not exist" in missing.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "exactly one of --cron, --rate and --at"),
        (("--rate", "1 day", "--at", "2040-01-01T00:00:00"), "exactly one of --cron, --rate and --at"),
        (("--cron", "0 3 * * * *"), "exactly one of day-of-month and day-of-week must be ?"),
        (("--at", "2020-01-01T00:00:00"), "its time is past"),
        (
            ("--at", "2027-03-28T02:30:00", "--time-zone", "Europe/Berlin"),
            "The clocks of Europe/Berlin leave this time out",
        ),
        (("--rate", "1 day", "--overlap", "maybe"), "skip, queue or allow"),
        (("--rate", "1 day", "--notify", "http://example.com"), "is not https"),
        (("--rate", "1 day", "--notify", "arn:aws:sns:eu-west-1:123456789012:mine"), "begins with benchfleet-"),
    ],
)
def test_what_cannot_be_is_told_before_anybody_is_asked(
    cli: CommandLine, config: str, options: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCHFLEET_URL", "http://127.0.0.1:9")
    said = cli("schedule", "create", "nightly", "-c", config, *options)
    assert said.code == 2
    assert words in said.err


def test_tables_fit_80_columns(cli: CommandLine, api: Api, config: str) -> None:
    name = fresh("wide")
    assert cli("schedule", "create", name, "-c", config, "--rate", "12 hours").code == 0
    for command in (("schedule", "list"), ("schedule", "show", name)):
        assert max(map(len, cli(*command).out.splitlines())) <= 80
    assert cli("schedule", "delete", name, "--yes").code == 0
