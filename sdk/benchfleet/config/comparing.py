"""Configs of `benchfleet compare`: two subjects of a config that is there, or two command lines."""

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchfleet.config.provision import Provision
from benchfleet.config.run_config import RunConfig
from benchfleet.exceptions import DiskError, UsageError
from benchfleet.local.files import replace_whole

NAMES = ("A", "B")
TASKS, REPEATS, WARMUP = 6, 5, 1  # ABBA three times over; a paired t over six repeats has five degrees of freedom
_OPERATORS = frozenset({"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"})
_MACHINE = "this-machine"


def of_commands(
    commands: tuple[str, str], *, tasks: int | None, repeats: int | None, noise_floor: bool
) -> dict[str, Any]:
    """A config that measures two command lines on this machine. Raises UsageError."""
    subjects = [{"name": name, "argv": words(command)} for name, command in zip(NAMES, commands, strict=True)]
    return {
        "workload": "command",
        "workload_options": {"repeats": repeats or REPEATS, "warmup": WARMUP},
        "subjects": subjects,
        "order": "abba",
        "noise_floor": noise_floor,
        "per_instance_type": {"tasks": tasks or TASKS},
        "local": [{"instance_type": _MACHINE}],
        "provision": {"local": {"isolation": "process", "slots": 1}},
    }


def words(command: str) -> list[str]:
    """A command line as a shell splits it. Nothing runs a shell: what only a shell can do is refused."""
    try:
        found = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"cannot split {command!r} into words: {error}; is a quote missing?") from error
    if not found:
        raise UsageError("a command is empty: give two command lines, such as 'python3 a.py' 'python3 b.py'")
    if odd := next((word for word in found if word in _OPERATORS), None):
        raise UsageError(
            f"{command!r} needs a shell for {odd}, and none is started: write sh -c {shlex.quote(command)}"
        )
    return found


def of_config(config: RunConfig, names: tuple[str, str], *, tasks: int | None, noise_floor: bool) -> dict[str, Any]:
    """The same config with these two of its subjects, in ABBA order. Raises UsageError for a name that it has not."""
    body = {key: value for key, value in config.body.items() if key != "run_id"}
    there = {given["name"]: given for given in body.get("subjects") or ()}
    if strange := [name for name in names if name not in there]:
        known = ", ".join(there) or "none"
        raise UsageError(f"{config.path} has no subject {' and no subject '.join(strange)}; it has {known}")
    if names[0] == names[1]:
        raise UsageError(f"{names[0]} cannot be compared with itself: --noise-floor measures it twice")
    per: Mapping[str, Any] = body["per_instance_type"]
    return {
        **body,
        "subjects": [there[name] for name in names],
        "order": "abba",
        "noise_floor": noise_floor or bool(body.get("noise_floor")),
        "per_instance_type": {**per, "tasks": tasks or per["tasks"]},
        "provision": _provision(config.provision, config.providers),
    }


def _provision(found: Provision, providers: tuple[str, ...]) -> dict[str, Any]:
    local = {"local": asdict(found.local)} if "local" in providers else {}
    return {**local, **{name: dict(options) for name, options in found.others.items() if name in providers}}


def written(config: Mapping[str, Any], folder: Path) -> Path:
    """The config as a file that `benchfleet run --resume` finds again; the same one for the same config."""
    data = (json.dumps(config, indent=2) + "\n").encode()
    path = folder / f"compare-{hashlib.sha256(data).hexdigest()[:12]}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_whole(path.resolve(), data)
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}") from error
    return path
