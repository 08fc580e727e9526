"""The names that a config may hold beside those of the API: the master's own, and those of the system that we replace."""

from collections.abc import Iterable
from difflib import get_close_matches

from benchfleet_contract.run_instances import CLASSIC_PROVIDERS, KNOWN

PROVISION, LOCAL, SCHEMA = "provision", "local", "$schema"
PER_INSTANCE_TYPE = ("tasks", "instances")
ENTRY = ("instance_type", "alias")
TOP = (*sorted(KNOWN), SCHEMA, *CLASSIC_PROVIDERS)
MAX_INSTANCES = 1_000  # runners for one entry: a slip of the finger should not start ten thousand machines
KEYS = ("api_key", "api-key", "apikey", "apiKey")
NO_KEYS = "keys do not belong in configs, which are shared and committed"
LOGIN = "remove it, and change it if others have seen it; `benchfleet login` keeps keys"
INSTEAD = {
    "local_orchestrator": "`benchfleet run --emulator` starts its own control plane",
    "skip_infra": "`benchfleet runner` starts a runner where you want one; --provider chooses what is started",
    "mock": '"workload": "mock" runs without measuring anything',
    "debug": "`benchfleet runner --debug` keeps work dirs and logs everything",
    "arch": "the instance type says it, and each result tells what it ran on",
}

NEVER_POSTED = frozenset({*INSTEAD, *KEYS, SCHEMA})


def unknown(name: str, known: Iterable[str]) -> str:
    """A warning, with what was probably meant. `name` may be of any length."""
    return f"unknown field, ignored{meant(name, known)}"


def meant(name: str, known: Iterable[str]) -> str:
    """The end of a sentence: what was probably meant, or nothing."""
    near = get_close_matches(name[:64], list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def legacy(name: str) -> str:
    return f"ignored: {INSTEAD[name]}"
