"""What a benchmark may see of the environment that its runner was started with."""

import re
from collections.abc import Mapping

SECRET = re.compile(
    r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|(?<!^)(?<!^OLD)PWD|SOCK|KUBECONFIG|^(BENCHFLEET|AWS|AZURE|ARM|GOOGLE)_",
    re.IGNORECASE,
)  # `PWD` and `OLDPWD` are folders, `DB_PWD` is none
_IN_A_URL = re.compile(r"://[^/@\s]*:[^/@\s]+@")  # `://user:pass@`


def visible(environment: Mapping[str, str]) -> dict[str, str]:
    """Nothing that names a secret, holds a password or is meant for the runner."""
    return {name: value for name, value in environment.items() if not (SECRET.search(name) or _IN_A_URL.search(value))}
