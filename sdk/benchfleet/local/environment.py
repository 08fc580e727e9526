"""The environment of a process that this command starts: no settings of the control plane, no proxy to this machine."""

from collections.abc import Mapping

_HIDDEN = ("AWS_", "BENCHFLEET_", "PUBLIC_READ")  # settings of the Lambdas: an emulator in this process sets some
_THIS_MACHINE = ("localhost", "127.0.0.1")


def child_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """A copy without what is meant for the control plane or the cloud; where a proxy is set, this machine goes past it."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(_HIDDEN)}
    if not any(name.lower().endswith("_proxy") for name in kept):
        return kept
    known = kept.get("no_proxy") or kept.get("NO_PROXY")
    value = ",".join([*([known] if known else []), *_THIS_MACHINE])
    return {**kept, "no_proxy": value, "NO_PROXY": value}
