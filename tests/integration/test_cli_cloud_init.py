"""`benchfleet provider cloud-init`: the script is whole, runs, and holds a key only where that was asked for."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.integration.command_line import CommandLine, CommandResult, command_line
from tests.integration.machine_world import KEY, World
from tests.variants import one_now

__all__ = ["call"]
call = pytest.fixture(command_line, name="call")

ROOT = Path(__file__).resolve().parents[2]
WANTED = {
    "--provider": "hetzner",
    "--instance-type": "cax21",
    "--run-id": "r-1",
    "--image": "ghcr.io/me/runner@sha256:0",
    "--api-url": "https://api.example/api",
    "--key-command": "cat /etc/key",
}


def printed(call: CommandLine, **changes: str) -> CommandResult:
    options = {**WANTED, **{f"--{name.replace('_', '-')}": value for name, value in changes.items()}}
    return call("provider", "cloud-init", *(word for name, value in options.items() if value for word in (name, value)))


def test_the_script_runs_on_such_a_machine_and_reports_nothing(call: CommandLine, tmp_path: Path) -> None:
    world = World(tmp_path)
    world.tell("topology", "0,0,0\n1,1,0\n")
    world.tell("key-file", KEY)
    shown = printed(
        call,
        slots="core",
        expires_in="90m",
        key_command="",
        key_file=f"{tmp_path}/key-file",
        end_command="curl -X DELETE me",
    )
    assert (shown.code, shown.err) == (0, "")
    seen = world.run_text(shown.out)
    assert seen.code == 0, seen.said
    assert seen.calls[0] == ["shutdown", "-h", "+90"]
    assert len(seen.of("docker", "run")) == 2
    assert seen.of("iptables")
    assert seen.reports == []
    assert seen.calls[-2:] == [["curl", "-X", "DELETE", "me"], ["shutdown", "-h", "now"]]


def test_what_a_machine_costs_after_its_end_is_warned_of(call: CommandLine) -> None:
    assert "--end-command can delete it" in printed(call).err
    assert printed(call, cloud="aws").err == ""


@pytest.mark.parametrize(
    ("provider", "cloud"), [("azure", "azure"), ("GCP", "gcp"), ("google", "gcp"), ("hetzner", "other")]
)
def test_the_cloud_follows_from_the_label(call: CommandLine, provider: str, cloud: str) -> None:
    assert f"\nCLOUD={cloud}\n" in printed(call, provider=provider).out
    assert "\nCLOUD=gcp\n" in printed(call, provider=provider, cloud="gcp").out


def test_a_key_in_the_script_is_asked_for_and_warned_of(call: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    shown = printed(call, key_command="", embed_key=f"@{tmp_path}/key", end_command="true")
    assert f"\nKEY_TEXT={KEY}\n" in shown.out
    assert "the script holds the runner key" in shown.err


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key_command": ""}, "nothing names it"),
        ({"key_file": "/key"}, "not --key-command and --key-file"),
        ({"key_command": "", "embed_key": "the-key-itself"}, "takes - for standard input, or @FILE"),
        ({"slots": "0"}, "--slots cannot be '0'"),
        ({"slots": "cores"}, "--slots cannot be 'cores'"),
        ({"slots": "1025"}, "--slots cannot be '1025'"),
        ({"expires_in": "4"}, "--expires-in cannot be '4'"),
        ({"expires_in": "1m"}, "from 5m to 30d"),
        ({"expires_in": "31d"}, "from 5m to 30d"),
        ({"provider": "a b"}, "--provider cannot be 'a b'"),
        ({"run_id": "../x"}, "--run-id cannot be"),
        ({"image": "two words"}, "--image cannot be"),
        ({"api_url": "http://localhost:8000"}, "no machine elsewhere reaches http://localhost:8000"),
    ],
)
def test_what_no_machine_could_use_is_refused(call: CommandLine, changes: dict[str, str], words: str) -> None:
    shown = printed(call, **changes)
    assert shown.code == 2
    assert shown.out == ""
    assert words in shown.err
    assert "the-key-itself" not in shown.err


def test_a_key_on_its_way_in_clear_is_warned_of(call: CommandLine) -> None:
    assert "is not encrypted" in printed(call, api_url="http://api.example").err


def examples() -> dict[str, str]:
    text = (ROOT / "docs/providers.md").read_text(encoding="utf-8").partition("## Other clouds")[2]
    return {
        name.lower().split()[0]: block
        for name, block in re.findall(r"^### (.*?)$.*?```sh\n(.*?)```", text, re.M | re.S)
    }


@pytest.mark.parametrize("name", one_now("google", *(name for name in examples() if name != "google")))
def test_each_example_of_the_docs_makes_a_script_whose_key_and_end_are_good_bash(
    name: str, call: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`az`, `gcloud`, `hcloud` and `ssh` are no programs here, but functions that do nothing; `benchfleet` runs in this
    process, with the arguments that bash gave it."""
    stubs = "az() { :; }; gcloud() { :; }; hcloud() { :; }; ssh() { cat >/dev/null; }; echo my-key > runner-key\n"
    asked = 'benchfleet() { [ "$1" = runs ] || printf "%s\\0" "$@" > asked; }\n'
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", stubs + asked + examples()[name]], cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=60, env={
            "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "RUN_ID": "r-1", "IMAGE": "ghcr.io/me/runner@sha256:0",
            "IDENTITY": "me", "ACCOUNT": "me",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("BENCHFLEET_URL", "https://api.example")
    monkeypatch.setenv("BENCHFLEET_API_KEY", "k")
    made = call(*(tmp_path / "asked").read_text().split("\0")[:-1])
    assert made.code == 0, made.err
    (tmp_path / "machine.sh").write_text(made.out)
    probe = """
    curl() { case "$*" in
      *oauth2*) echo '{"access_token": "t"}' ;; *secrets*) echo '{"value": "the-key"}' ;; *) echo "$@" ;; esac; }
    gcloud() { echo the-key; }; docker() { cat; }; export -f curl gcloud docker
    eval "$(sed '/^# Above/q' machine.sh)"
    for each in "$KEY_COMMAND" "$LOGIN_COMMAND" "$END_COMMAND"; do bash -euo pipefail -c "$each"; done
    echo "$CLOUD $SPOT $MOST_MINUTES $KEY_FILE"
    """
    told = subprocess.run(
        ["bash", "-euc", probe], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert told[0 if name != "hetzner" else -1] == {"hetzner": "other  240 /root/runner-key"}.get(name, "the-key")
    assert name != "azure" or told[1].startswith(
        "-fsS -X DELETE -H Authorization: Bearer t https://management.azure.com"
    )
