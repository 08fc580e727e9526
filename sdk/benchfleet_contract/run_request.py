"""Reads a `POST /runs` body: everything that is wrong with it at once, in the reference system's words where it has some.

The CLI reads configs with the same code before it asks the control plane.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract import limits
from benchfleet_contract.names import LABEL, NEW_RUN_ID, PRINTABLE, fits_a_key, run_id_of
from benchfleet_contract.problems import Problem
from benchfleet_contract.runs import Instance, RunRequest
from benchfleet_contract.workloads import warning_about

NO_INSTANCES = "At least one instance type must be specified"
CLASSIC_PROVIDERS = ("aws", "azure", "local")  # created first, in this order; these may hold plain strings too
KNOWN = frozenset(
    {"run_id", "ruby_version", "per_instance_type", "workload", "workload_options", "lease_s", "max_attempts"}
    | {"deadline_s", "metadata"}
)
_QUOTED_CHARS = 100


@dataclass
class Reading:
    """What was read: `request` is there exactly when `problems` is empty. `words` are the problems as the wire says them."""

    request: RunRequest | None = None
    problems: list[Problem] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    has_instances: bool = False

    def refuse(self, where: str, value: Any, words: str | list[str], remedy: str) -> None:
        shown = value if isinstance(value, str | int | float | bool | None) else json.dumps(value)[:200]
        for sentence in [words] if isinstance(words, str) else words:
            self.words.append(sentence)
            self.problems.append(Problem(field=where, value=shown, message=sentence, remedy=remedy))


def read_run_request(body: Mapping[str, Any]) -> Reading:
    """Never raises: what is wrong stands in the reading's `problems`."""
    reading = Reading()
    instances = _instances(body, reading)
    workload = _workload(body, reading)
    ruby_version = _ruby_version(body, workload, reading)
    tasks = _tasks(body.get("per_instance_type"), reading)
    run_id = _run_id(body, reading)
    options = _document(body, "workload_options", limits.MAX_OPTIONS_BYTES, reading)
    metadata = _document(body, "metadata", limits.MAX_METADATA_BYTES, reading)
    lease = _whole(body, "lease_s", limits.DEFAULT_LEASE_S, (limits.MIN_LEASE_S, limits.MAX_LEASE_S), reading)
    attempts = _whole(body, "max_attempts", limits.DEFAULT_MAX_ATTEMPTS, (1, limits.MAX_ATTEMPTS), reading)
    span = (limits.MIN_DEADLINE_S, limits.MAX_DEADLINE_S)
    deadline = _whole(body, "deadline_s", limits.DEFAULT_DEADLINE_S, span, reading)
    _sizes(instances, tasks, reading)
    if not reading.problems:
        reading.request = RunRequest(
            run_id=run_id, ruby_version=ruby_version, workload=workload, workload_options=options,
            tasks_per_instance=tasks, lease_s=lease, max_attempts=attempts, deadline_s=deadline, metadata=metadata,
            instances=instances,
        )  # fmt: skip
    return reading


def _instances(body: Mapping[str, Any], reading: Reading) -> list[Instance]:
    others = [key for key in body if key not in CLASSIC_PROVIDERS and key not in KNOWN]
    found: list[Instance] = []
    for provider in [*(key for key in CLASSIC_PROVIDERS if key in body), *others]:
        entries = body[provider]
        if is_provider(provider, entries):
            reading.has_instances = reading.has_instances or bool(entries)
            found += _provider(provider, entries, reading)
        else:
            reading.warnings.append(f"{provider[:_QUOTED_CHARS]}: unknown field, ignored")
    if not reading.has_instances:
        remedy = 'name instances under a provider: "local": [{"instance_type": "docker", "alias": "laptop"}]'
        reading.refuse("(providers)", None, NO_INSTANCES, remedy)
    return found


def is_provider(key: str, entries: Any) -> bool:
    """Does the key name a provider? Any key may, if its value looks like a list of instances."""
    if not isinstance(entries, list):
        return False
    return key in CLASSIC_PROVIDERS or any(isinstance(e, dict) and "instance_type" in e for e in entries)


def _provider(provider: str, entries: list[Any], reading: Reading) -> list[Instance]:
    if not LABEL.fullmatch(provider):
        remedy = "letters, digits, dot, dash and underscore, at most 64"
        reading.refuse(provider, provider, "Provider is not a safe label", remedy)
    read = [_instance(provider, f"{provider}[{i}]", entry, reading) for i, entry in enumerate(entries)]
    return [instance for instance in read if instance]


def _instance(provider: str, where: str, entry: Any, reading: Reading) -> Instance | None:
    if isinstance(entry, str) and provider in CLASSIC_PROVIDERS:
        entry = {"instance_type": entry, "alias": entry}
    kind = entry.get("instance_type") if isinstance(entry, dict) else None
    alias = entry.get("alias") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or not PRINTABLE.fullmatch(kind) or not fits_a_key(kind):
        words = (
            f"Instance type can't be blank ({where})" if kind in (None, "") else f"Instance type is invalid ({where})"
        )
        reading.refuse(
            f"{where}.instance_type",
            kind,
            words,
            "1 to 128 printable characters, fewer if they are not ASCII",
        )
        return None
    if alias is not None and (not isinstance(alias, str) or not PRINTABLE.fullmatch(alias)):
        remedy = "a string of 1 to 128 printable characters, or leave it out"
        reading.refuse(f"{where}.alias", alias, f"Alias is invalid ({where})", remedy)
        return None
    return Instance(provider=provider, instance_type=kind, alias=alias)


def _workload(body: Mapping[str, Any], reading: Reading) -> str:
    name = body.get("workload", "ruby-bench")
    if isinstance(name, str) and LABEL.fullmatch(name):
        if words := warning_about(name):
            reading.warnings.append(words)
        return name
    remedy = "the name of a workload, such as ruby-bench or pyperformance"
    reading.refuse("workload", name, "Workload is invalid", remedy)
    return ""


def _ruby_version(body: Mapping[str, Any], workload: str, reading: Reading) -> str | None:
    version = body.get("ruby_version")
    if version in (None, "") and workload == "ruby-bench":
        reading.refuse("ruby_version", version, "Ruby version can't be blank", 'say which: "ruby_version": "3.4.7"')
        return None
    if version is None or (isinstance(version, str) and len(version) <= limits.MAX_LABEL_CHARS):
        return version
    reading.refuse("ruby_version", version, "Ruby version is invalid", 'a short string, such as "3.4.7"')
    return None


def _tasks(per_instance_type: Any, reading: Reading) -> int:
    value = per_instance_type.get("tasks") if isinstance(per_instance_type, dict) else None
    where, remedy = "per_instance_type.tasks", 'how many tasks for each instance: "per_instance_type": {"tasks": 3}'
    label = "Tasks per instance type"
    if value in (None, ""):
        reading.refuse(where, value, [f"{label} can't be blank", f"{label} is not a number"], remedy)
    elif (count := _number(value)) is None:
        reading.refuse(where, value, f"{label} is not a number", remedy)
    elif count <= 0:
        reading.refuse(where, value, f"{label} must be greater than 0", remedy)
    else:
        return max(1, int(min(count, limits.MAX_TASKS + 1)))
    return 0


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not re.fullmatch(r"\s*[+-]?\d{1,15}(\.\d{0,9})?\s*", value):
        return None
    number = float(value) if isinstance(value, str) else value  # an int may be too large for a float
    return float(number) if -1e15 < number < 1e15 else None


def _run_id(body: Mapping[str, Any], reading: Reading) -> str | None:
    value = body.get("run_id")
    if value is None:
        return None
    run_id = run_id_of(value)
    if run_id is None or not NEW_RUN_ID.fullmatch(run_id):
        remedy = (
            "leave it out, or start with a letter or digit, go on with letters, digits, dot, dash, underscore; at most 128, "
            "and no .json at the end"
        )
        reading.refuse("run_id", value, "External is invalid", remedy)
    return run_id


def _document(body: Mapping[str, Any], name: str, most: int, reading: Reading) -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    label = name.replace("_", " ").capitalize()
    if not isinstance(value, dict):
        reading.refuse(name, value, f"{label} must be an object", "a JSON object")
        return {}
    size = len(json.dumps(value).encode())
    if size > most:
        reading.refuse(name, f"{size} bytes", f"{label} is too large", f"at most {most} bytes of JSON")
    return value


def _whole(body: Mapping[str, Any], name: str, default: int, span: tuple[int, int], reading: Reading) -> int:
    value = body.get(name)
    if value is None:
        return default
    count = _number(value)
    if count is not None and count == int(count) and span[0] <= count <= span[1]:
        return int(count)
    label = name.removesuffix("_s").replace("_", " ").capitalize()
    unit = " seconds" if name.endswith("_s") else ""
    words = f"{label} must be a whole number from {span[0]} to {span[1]}{unit}"
    reading.refuse(name, value, words, f"leave it out for {default}")
    return default


def _sizes(instances: list[Instance], tasks: int, reading: Reading) -> None:
    count = len(instances) * tasks
    if count > limits.MAX_TASKS:
        words = f"Run has too many tasks: {count} of at most {limits.MAX_TASKS}"
        reading.refuse("per_instance_type.tasks", tasks, words, "split it into several runs")
    groups = len({(i.provider, i.instance_type) for i in instances})
    if groups > limits.MAX_GROUPS:
        words = f"Run has too many instance types: {groups} of at most {limits.MAX_GROUPS}"
        reading.refuse("(providers)", groups, words, "split it into several runs")
