"""What a benchmark may see of the environment that its runner was started with."""

import re
from collections.abc import Iterable, Mapping

from runner_image.errors import TaskError

SECRET = re.compile(
    r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|(?<!^)(?<!^OLD)PWD|SOCK|KUBECONFIG|^(BENCHFLEET|AWS|AZURE|ARM|GOOGLE)_",
    re.IGNORECASE,
)  # `PWD` and `OLDPWD` are folders, `DB_PWD` is none
_IN_A_URL = re.compile(r"://[^/@\s]*:[^/@\s]+@")  # `://user:pass@`
_OWN = "BENCHFLEET_"


def visible(environment: Mapping[str, str]) -> dict[str, str]:
    """Nothing that names a secret, holds a password or is meant for the runner."""
    return {name: value for name, value in environment.items() if not (SECRET.search(name) or _IN_A_URL.search(value))}


def grantable(environment: Mapping[str, str]) -> dict[str, str]:
    """What may be given to a kind of work that asks for it by name: anything but the runner's own."""
    return {name: value for name, value in environment.items() if value and not name.upper().startswith(_OWN)}


def granted(held: Mapping[str, str], names: Iterable[str], *, workload: str) -> dict[str, str]:
    """The credentials of these names. Raises TaskError `missing_credentials` that names all that this runner lacks."""
    names = tuple(names)
    missing = [name for name in names if name not in held]
    if missing:
        raise TaskError(
            f"This runner has no {', '.join(missing)}, which the workload {workload!r} needs: start it with "
            f"{'this variable' if len(missing) == 1 else 'these variables'} in its environment",
            error_type="missing_credentials",
        )
    return {name: held[name] for name in names}
