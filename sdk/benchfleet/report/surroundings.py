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
# What runners before 2026-12 did not record: that one side lacks it is no difference between machines.
LATER_FACTS = frozenset({"SMT", "turbo", "ASLR", "CPU quota", "maximum CPU frequency", "CPU microcode"})
_ASLR = {0: "off", 1: "without the heap", 2: "full"}
_MAX_BUILD_FACTS = 20
# What makes a machine type what it is: to differ here is what a comparison of machine types is about.
MACHINE_FACTS = frozenset(
    {
        "CPU model",
        "architecture",
        "logical cores",
        "physical cores",
        "memory",
        "SMT",
        "maximum CPU frequency",
        "CPU microcode",
    }
)
OPTION, _VERSION_OF, BUILD = "option ", "version of ", "build "
_SUBJECT_FACTS = frozenset({"ruby version asked for", "container image"})


def is_of_subject(fact: str) -> bool:
    """Is that what a subject may set: its options, its image, and the versions and builds that come with them?"""
    return fact in _SUBJECT_FACTS or fact.startswith((OPTION, _VERSION_OF, BUILD))


def is_of_later(fact: str) -> bool:
    """Do only newer runners record that?"""
    return fact in LATER_FACTS or fact.startswith(BUILD)


def environment(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Name → value as text; what was not recorded is left out."""
    provenance = _object(metadata.get("provenance"))
    machine, versions = _object(provenance.get("machine")), _object(provenance.get("versions"))
    found = {words: machine.get(name) for name, words in _MACHINE.items()}
    found["memory"] = _memory(machine.get("memory_bytes"))
    found["pinned to cores"] = _pinned(machine)
    found |= _settings(machine)
    found["suite commit"] = provenance.get("suite_commit")
    found["ruby version asked for"] = metadata.get("ruby_version")
    if not metadata.get("part"):  # parts of one execution differ in what they were asked for, which is no difference
        found |= _options(_object(metadata.get("workload_options")))
    found |= {f"{_VERSION_OF}{cut(name, 60)}": version for name, version in versions.items()}
    found |= _build(_object(provenance.get("build")))
    return {name: cut(value) for name, value in found.items() if value not in (None, "", "null")}


def _settings(machine: Mapping[str, Any]) -> dict[str, Any]:
    isolation = _isolation(machine)
    quota, most, aslr = machine.get("cpu_quota"), machine.get("max_mhz"), machine.get("aslr")
    return {
        "isolation": isolation,
        "SMT": _on_or_off(machine.get("smt")),
        "turbo": _on_or_off(machine.get("turbo")),
        "ASLR": _ASLR.get(aslr) if isinstance(aslr, int) else None,
        "CPU quota": f"{quota:g} cores" if _is_number(quota) else "none" if machine.get("isolation") else None,
        "maximum CPU frequency": f"{most:.0f} MHz" if _is_number(most) else None,
        "CPU microcode": machine.get("microcode"),
    }


def _isolation(machine: Mapping[str, Any]) -> Any:
    """Older runners did not record it. Containers have an image: where there was none, it was processes."""
    by_image = "process" if "container_image" in machine and machine["container_image"] is None else None
    return machine.get("isolation") or by_image


def _on_or_off(value: Any) -> str | None:
    return {True: "on", False: "off"}.get(value) if isinstance(value, bool) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9


def _build(told: Mapping[str, Any]) -> dict[str, str]:
    return {f"{BUILD}{cut(name, 60)}": option_text(value) for name, value in islice(told.items(), _MAX_BUILD_FACTS)}


def _options(asked: Mapping[str, Any]) -> dict[str, str]:
    return {f"{OPTION}{cut(name, 60)}": option_text(value) for name, value in islice(asked.items(), MAX_OPTIONS)}


def option_text(value: Any) -> str:
    """As JSON. Two long ones that differ still do: a longer one ends with a mark of the whole."""
    text = as_json(value)
    mark = f" [{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:8]}]"
    return text if len(text) <= MAX_NAME_CHARS else cut(text, MAX_NAME_CHARS - len(mark)) + mark


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
