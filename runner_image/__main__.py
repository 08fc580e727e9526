"""`python -m runner_image`. The only place of the runner that reads the environment."""

import os
import re
import sys

SECRET = re.compile(
    r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|(?<!^)(?<!^OLD)PWD|SOCK|KUBECONFIG|^(BENCHFLEET|AWS|AZURE|ARM|GOOGLE)_",
    re.IGNORECASE,
)  # `PWD` and `OLDPWD` are folders, `DB_PWD` is none
_IN_A_URL = re.compile(r"://[^/@\s]*:[^/@\s]+@")  # `://user:pass@`


def workload_environment() -> dict[str, str]:
    """What benchmarks may see of our environment: nothing that names a secret or is meant for us."""
    return {name: value for name, value in os.environ.items() if not (SECRET.search(name) or _IN_A_URL.search(value))}


def main() -> None:
    import typer

    from runner_image.command import run

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(run)
    try:
        app(prog_name="benchfleet-runner")
    except ModuleNotFoundError as error:
        if error.name != "fcntl":
            raise
        print("benchfleet runner: it needs Linux or macOS: this system has no fcntl", file=sys.stderr)
        sys.exit(1)  # as for wrong use


if __name__ == "__main__":
    main()
