"""`metadata.json` as a flat list of what a result depends on, and the name of the instance that it ran on."""

import hashlib
from collections.abc import Mapping
from itertools import islice
from typing import Any

from benchfleet.results.bounds import MAX_NAME_CHARS, MAX_OPTIONS, as_json, cut

_MACHINE = {
    "cpu_model": "CPU model",
    "architecture": "architecture",
    "logical_cores": "logical cores",
    "physical_cores": "physical cores",
    "kernel": "kernel",
    "operating_system": "operating system",
    "governor": "CPU governor",
    "container_image": "container image",
}
_CLOUD_IDS = ("instanceId", "vmId")
# What makes a machine type what it is: to differ here is what a comparison of machine types is about.
MACHINE_FACTS = frozenset({"CPU model", "architecture", "logical cores", "physical cores", "memory"})
OPTION, _VERSION_OF = "option ", "version of "
_SUBJECT_FACTS = frozenset({"ruby version asked for", "container image"})


def is_of_subject(fact: str) -> bool:
    """Is that what a subject may set: its options, its image, and the versions that come with them?"""
    return fact in _SUBJECT_FACTS or fact.startswith((OPTION, _VERSION_OF))


def environment(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Name → value as text; what was not recorded is left out."""
    provenance = _object(metadata.get("provenance"))
    machine, versions = _object(provenance.get("machine")), _object(provenance.get("versions"))
    found = {words: machine.get(name) for name, words in _MACHINE.items()}
    found["memory"] = _memory(machine.get("memory_bytes"))
    found["pinned to cores"] = _pinned(machine)
    found["suite commit"] = provenance.get("suite_commit")
    found["ruby version asked for"] = metadata.get("ruby_version")
    if not metadata.get("part"):  # parts of one execution differ in what they were asked for, which is no difference
        found |= _options(_object(metadata.get("workload_options")))
    found |= {f"{_VERSION_OF}{cut(name, 60)}": version for name, version in versions.items()}
    return {name: cut(value) for name, value in found.items() if value not in (None, "", "null")}


def _options(asked: Mapping[str, Any]) -> dict[str, str]:
    return {f"{OPTION}{cut(name, 60)}": option_text(value) for name, value in islice(asked.items(), MAX_OPTIONS)}


def option_text(value: Any) -> str:
    """As JSON. Two long ones that differ still do: a longer one ends with a mark of the whole."""
    text = as_json(value)
    mark = f" [{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:8]}]"
    return text if len(text) <= MAX_NAME_CHARS else cut(text, MAX_NAME_CHARS - len(mark)) + mark


def host(metadata: Mapping[str, Any]) -> str | None:
    """The cloud's id of the instance; without one the runner's id without its slot (`<host>-<start>-<pid>-s<n>`)."""
    cloud = _object(_object(_object(metadata.get("provenance")).get("machine")).get("cloud"))
    named = next((cloud[name] for name in _CLOUD_IDS if cloud.get(name)), None)
    if named:
        return cut(named)
    runner = metadata.get("runner_id")
    if not isinstance(runner, str) or not runner:
        return None
    front, _, slot = runner.rpartition("-s")
    return cut(front if front and slot.isdigit() else runner)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _memory(count: Any) -> str | None:
    """In GiB, as people compare it: two machines of one type differ by some megabytes."""
    sane = isinstance(count, int | float) and 0 < count < 1e18
    return f"{count / 1024**3:.0f} GiB" if sane else None


def _pinned(machine: Mapping[str, Any]) -> str | None:
    """How many cores a task had for itself, or that it had them all."""
    cores, all_of_them = machine.get("pinned_cores"), machine.get("logical_cores")
    if not isinstance(cores, list):
        return None
    return "no" if len(cores) == all_of_them else f"yes, {len(cores)} of {all_of_them or 'unknown'}"
