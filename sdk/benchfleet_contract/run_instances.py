"""The instances that a `POST /runs` body names: which keys are providers, and what is wrong with what they hold."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from benchfleet_contract.names import LABEL, PRINTABLE, fits_a_key
from benchfleet_contract.reading import Reading
from benchfleet_contract.runs import Instance

NO_INSTANCES = "At least one instance type must be specified"
CLASSIC_PROVIDERS = ("aws", "azure", "local")  # created first, in this order; these may hold plain strings too
PROVIDERS = "providers"
# These came when runs had providers of any name.
LATER = frozenset(
    {"subjects", "order", "shards", "noise_floor", "target_precision", "max_tasks", "max_time_s", PROVIDERS}
    | {"provision", "max_cost", "model"}
)
KNOWN = frozenset(
    {"run_id", "ruby_version", "per_instance_type", "workload", "workload_options", "lease_s", "max_attempts"}
    | {"deadline_s", "metadata"}
    | LATER
)
_QUOTED_CHARS = 100
_ENTRY = '{"instance_type": "c8g.medium", "alias": "c8g"}'
_NO_PROVIDER = ", or put what is no provider into `metadata`"


class Named(NamedTuple):
    """What a body holds for one provider; `where` is the path to it."""

    where: str
    provider: str
    entries: Any


def read_instances(body: Mapping[str, Any], reading: Reading) -> list[Instance]:
    """Never raises: problems and warnings go into the reading."""
    _warn(body, reading)
    _check_providers(body, reading)
    found: list[Instance] = []
    for named in named_providers(body):
        reading.has_instances = reading.has_instances or bool(named.entries)
        found += _provider(named, reading)
    if not reading.has_instances:
        remedy = 'name instances under a provider: "local": [{"instance_type": "docker", "alias": "laptop"}]'
        reading.refuse("(providers)", None, NO_INSTANCES, remedy)
    return found


def named_providers(body: Mapping[str, Any]) -> list[Named]:
    """Every provider of a body, in the order in which their tasks are made: at the top level, and below `providers`."""
    found = [Named(key, key, value) for key, value in body.items() if is_provider(key, value)]
    inner = body.get(PROVIDERS)
    if isinstance(inner, dict):
        found += [Named(f"{PROVIDERS}.{key[:_QUOTED_CHARS]}", key, value) for key, value in inner.items()]
    rank = {provider: number for number, provider in enumerate(CLASSIC_PROVIDERS)}
    return sorted(found, key=lambda named: rank.get(named.provider, len(rank)))


def is_field(key: str, value: Any) -> bool:
    """Is the key one that a run has, with a value of its own?

    The fields that came later take no provider's name away: a list of instances under one of them is a provider, as it
    always was. A subject has a name, which an instance has not.
    """
    return key in KNOWN and not (key in LATER and _is_instances(value))


def _is_instances(value: Any) -> bool:
    entries = value if isinstance(value, list) else []
    return any(map(_is_instance, entries)) and not any(isinstance(e, dict) and "name" in e for e in entries)


def _warn(body: Mapping[str, Any], reading: Reading) -> None:
    others = [key for key in body if key not in CLASSIC_PROVIDERS and not is_field(key, body[key])]
    for key in [*(key for key in CLASSIC_PROVIDERS if key in body), *others]:
        if not is_provider(key, body[key]):
            reading.warnings.append(f"{key[:_QUOTED_CHARS]}: {_ignored(key, body[key])}")


def _check_providers(body: Mapping[str, Any], reading: Reading) -> None:
    value = body.get(PROVIDERS)
    if value is None or not is_field(PROVIDERS, value):
        return
    if not isinstance(value, dict):
        remedy = f'such as "{PROVIDERS}": {{"aws": [{_ENTRY}]}}'
        reading.refuse(PROVIDERS, value, "Providers must be an object", remedy)
        return
    for key in value:
        if key in body and is_provider(key, body[key]):
            where = f"{PROVIDERS}.{key[:_QUOTED_CHARS]}"
            remedy = f"put all of its instances below `{PROVIDERS}`"
            reading.refuse(where, key, f"Provider is there twice ({where})", remedy)


def is_provider(key: str, entries: Any) -> bool:
    """Is the key meant as a provider, in whatever shape?

    A classic one is with anything but null, which is the same as leaving it out. Any other key is where its value is an
    instance object, a list with one among its entries, or a list of nothing but texts: ignoring those would lose machines.
    """
    if is_field(key, entries):
        return False
    if key in CLASSIC_PROVIDERS:
        return entries is not None
    if not isinstance(entries, list):
        return _is_instance(entries)
    return any(map(_is_instance, entries)) or (bool(entries) and all(isinstance(e, str) for e in entries))


def _is_instance(entry: Any) -> bool:
    return isinstance(entry, dict) and "instance_type" in entry


def _ignored(key: str, value: Any) -> str:
    if key in CLASSIC_PROVIDERS:
        return "null, read as no instances"
    hint = "; a provider's list holds objects with an instance_type" if value and isinstance(value, list | dict) else ""
    return f"unknown field, ignored{hint}"


def _provider(named: Named, reading: Reading) -> list[Instance]:
    where, provider, entries = named
    if not LABEL.fullmatch(provider):
        remedy = "letters, digits, dot, dash and underscore, at most 64"
        reading.refuse(where, provider, "Provider is not a safe label", remedy)
    if not isinstance(entries, list):
        words = f"Provider must be a list of instances ({where[:_QUOTED_CHARS]})"
        remedy = f'put its instances into a list: "{provider[:_QUOTED_CHARS]}": [{_ENTRY}]'
        reading.refuse(where, entries, words, remedy)
        return []
    read = [_instance(provider, f"{where}[{i}]", entry, reading) for i, entry in enumerate(entries)]
    return [instance for instance in read if instance]


def _instance(provider: str, where: str, entry: Any, reading: Reading) -> Instance | None:
    if isinstance(entry, str) and provider in CLASSIC_PROVIDERS:
        kind = _kind({"instance_type": entry}, where, reading)
        return None if kind is None else Instance(provider=provider, instance_type=kind, alias=kind)
    if not isinstance(entry, dict):
        remedy = f"write {_instead(entry)}" + ("" if provider in CLASSIC_PROVIDERS else _NO_PROVIDER)
        reading.refuse(where, entry, f"Instance must be an object with an instance_type ({where})", remedy)
        return None
    kind, alias = _kind(entry, where, reading), _alias(entry, where, reading)
    return None if kind is None else Instance(provider=provider, instance_type=kind, alias=alias)


def _instead(entry: Any) -> str:
    """What was probably meant by a plain text; else an example."""
    is_kind = isinstance(entry, str) and PRINTABLE.fullmatch(entry)
    return json.dumps({"instance_type": entry}, ensure_ascii=False) if is_kind else _ENTRY


def _kind(entry: Mapping[str, Any], where: str, reading: Reading) -> str | None:
    kind = entry.get("instance_type")
    if isinstance(kind, str) and PRINTABLE.fullmatch(kind) and fits_a_key(kind):
        return kind
    words = "Instance type can't be blank" if kind in (None, "") else "Instance type is invalid"
    remedy = "1 to 128 printable characters, fewer if they are not ASCII"
    reading.refuse(f"{where}.instance_type", kind, f"{words} ({where})", remedy)
    return None


def _alias(entry: Mapping[str, Any], where: str, reading: Reading) -> str | None:
    alias = entry.get("alias")
    if alias is None or (isinstance(alias, str) and PRINTABLE.fullmatch(alias)):
        return alias
    remedy = "a string of 1 to 128 printable characters, or leave it out"
    reading.refuse(f"{where}.alias", alias, f"Alias is invalid ({where})", remedy)
    return None
