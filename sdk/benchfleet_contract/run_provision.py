"""The machines that a `POST /runs` body asks the control plane for: `provision`, `max_cost`, `per_instance_type.instances`."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, get_args

from benchfleet_contract.launches import MAX_LAUNCHES, Market
from benchfleet_contract.names import IMAGE
from benchfleet_contract.provisioning import (
    DEFAULT_PROVISIONERS,
    MAX_DISK_GB,
    MAX_INSTANCES,
    MAX_LIFETIME_S,
    MAX_REGIONS,
    MAX_SLOTS,
    MIN_DISK_GB,
    MIN_LIFETIME_S,
    CloudProvision,
    LaunchOrder,
    Provisioner,
)
from benchfleet_contract.reading import Reading
from benchfleet_contract.run_instances import is_field
from benchfleet_contract.runs import Instance

FIELD, LOCAL = "provision", "local"
REGION = re.compile(r"[a-z]{2,3}(-[a-z]{2,12}){1,3}-[1-9][0-9]?")
MAX_COST_USD = 1_000_000
SLOT_WORDS = ("core", "vcpu")
_INSTANCES = "per_instance_type.instances"


class Fleet(NamedTuple):
    """What a body asks for; `provision` is empty where it asks for no machines."""

    provision: dict[str, CloudProvision]
    instances_each: int
    max_cost: float | None


def read_fleet(body: Mapping[str, Any], instances: Iterable[Instance], reading: Reading) -> Fleet:
    """Never raises: problems and warnings go into the reading."""
    types = list(dict.fromkeys((each.provider, each.instance_type) for each in instances))
    provision = _provision(body, {provider for provider, _ in types}, reading)
    each = _instances(body, reading) if _asks(body, {provider for provider, _ in types}) else 1
    count = each * len([1 for provider, _ in types if provider in provision])
    if count > MAX_LAUNCHES:
        words = f"Run has too many machines: {count} of at most {MAX_LAUNCHES}"
        reading.refuse(_INSTANCES, each, words, "fewer instances, or split it into several runs")
    return Fleet(provision, each, _max_cost(body, reading, brings=bool(provision)))


def _asks(body: Mapping[str, Any], providers: set[str]) -> bool:
    """Is there a word, right or wrong, of machines that the run has use for?"""
    value = body.get(FIELD)
    return isinstance(value, dict) and any(name in value for name in providers if name != LOCAL)


def _provision(body: Mapping[str, Any], providers: set[str], reading: Reading) -> dict[str, CloudProvision]:
    value = body.get(FIELD)
    if value is None or not is_field(FIELD, value):
        return {}
    if not isinstance(value, dict):
        reading.refuse(
            FIELD, value, "Provision must be an object", f'such as "{FIELD}": {{"aws": {{"market": "spot"}}}}'
        )
        return {}
    read = {name: _means(name, means, reading) for name, means in value.items() if name != LOCAL}
    if LOCAL in value:
        reading.warnings.append(f"{FIELD}.{LOCAL}: ignored: `benchfleet run` starts the runners of a laptop")
    for name in (name for name in read if name not in providers):
        reading.warnings.append(f"{FIELD}.{name[:100]}: ignored: the run has no instances of {name[:100]}")
    return {name: means for name, means in read.items() if means and name in providers}


def _means(provider: str, value: Any, reading: Reading) -> CloudProvision | None:
    where = f"{FIELD}.{provider[:100]}"
    if not isinstance(value, dict):
        reading.refuse(where, value, f"Provision must be an object ({where})", 'such as {"provisioner": "aws-ec2"}')
        return None
    before = len(reading.problems) + reading.untold
    found: dict[str, Any] = {"provisioner": DEFAULT_PROVISIONERS.get(provider)}
    for name, given in value.items():
        if name not in _FIELDS:
            _refuse_unknown(f"{where}.{name[:100]}", name, reading)
        elif given is not None:
            fits, remedy = _FIELDS[name]
            found[name] = given
            if not fits(given):
                words = f"{name.removesuffix('_s').replace('_', ' ').capitalize()} is invalid ({where}.{name})"
                reading.refuse(f"{where}.{name}", given, words, remedy)
    if found["provisioner"] is None:
        words = f"Provisioner can't be blank ({where}.provisioner)"
        reading.refuse(f"{where}.provisioner", None, words, _FIELDS["provisioner"][1])
    is_right = len(reading.problems) + reading.untold == before
    return CloudProvision.model_validate(found) if is_right else None


def _refuse_unknown(where: str, name: str, reading: Reading) -> None:
    """Not ignored, as elsewhere: a slip here costs money."""
    near = get_close_matches(name[:64], list(_FIELDS), n=1)
    remedy = f"did you mean {near[0]}?" if near else f"one of {', '.join(_FIELDS)}"
    reading.refuse(where, name, f"There is no such field ({where})", remedy)


def _whole(least: int, most: int) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and least <= value <= most and value == int(value)

    return fits


def _word(*words: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in words


def _regions(value: Any) -> bool:
    if not isinstance(value, list) or len(value) > MAX_REGIONS:
        return False
    return all(isinstance(each, str) and REGION.fullmatch(each) for each in value) and len(set(value)) == len(value)


_a_slot_count = _whole(1, MAX_SLOTS)
_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "provisioner": (
        _word(*get_args(Provisioner)),
        "aws-ec2 or aws-ecs; for machines elsewhere `benchfleet provider cloud-init` prints a script",
    ),
    "regions": (
        _regions,
        f'at most {MAX_REGIONS} different ones, which are tried in turn: ["eu-north-1", "eu-west-1"]',
    ),
    "market": (_word(*get_args(Market)), "on-demand or spot; leave it out for on-demand"),
    "slots": (
        lambda value: _a_slot_count(value) or _word(*SLOT_WORDS)(value),
        f"a whole number from 1 to {MAX_SLOTS}, or core or vcpu for one on each; leave it out for 1",
    ),
    "image": (
        lambda value: isinstance(value, str) and IMAGE.fullmatch(value) is not None,
        "an image's name; leave it out for that of the deployment",
    ),
    "disk_gb": (_whole(MIN_DISK_GB, MAX_DISK_GB), f"a whole number from {MIN_DISK_GB} to {MAX_DISK_GB}"),
    "max_lifetime_s": (
        _whole(MIN_LIFETIME_S, MAX_LIFETIME_S),
        f"a whole number from {MIN_LIFETIME_S} to {MAX_LIFETIME_S}; leave it out for the run's deadline",
    ),
    "order": (_word(*get_args(LaunchOrder)), "as-listed or cheapest-first"),
}


def _instances(body: Mapping[str, Any], reading: Reading) -> int:
    per = body.get("per_instance_type")
    value = per.get("instances") if isinstance(per, dict) else None
    if value is None:
        return 1
    if not _whole(1, MAX_INSTANCES)(value):
        words = f"Instances must be a whole number from 1 to {MAX_INSTANCES}"
        reading.refuse(_INSTANCES, value, words, "how many machines of each type; leave it out for 1")
        return 1
    return int(value)


def _max_cost(body: Mapping[str, Any], reading: Reading, *, brings: bool) -> float | None:
    value = body.get("max_cost")
    if value is None or not is_field("max_cost", value):
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= MAX_COST_USD or not math.isfinite(value):
        words = f"Max cost must be a number above 0, of at most {MAX_COST_USD} (USD)"
        reading.refuse("max_cost", value, words, "what all machines of the run may cost together, such as 5.00")
        return None
    if not brings:
        reading.warnings.append(
            "max_cost: ignored: the control plane brings no machines for this run (see `provision`)"
        )
    return float(value)
