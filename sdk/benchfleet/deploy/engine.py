"""The Docker engine that builds the runner's image: is it there, and for which processors can it build?"""

import platform
import re
import subprocess

from benchfleet.deploy.errors import DeployError

ARCHITECTURES = ("amd64", "arm64")
_NAMES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_ANSWERS_S = 30


def architectures() -> tuple[str, ...]:
    """Docker's words, this engine's own first. Raises DeployError if no engine answers."""
    own = _NAMES.get(_docker("version", "--format", "{{.Server.Arch}}", required=True).strip(), platform.machine())
    told = _docker("buildx", "inspect", required=False)
    more = [name for name in ARCHITECTURES if re.search(rf"\blinux/{name}\b", told)]
    return tuple(dict.fromkeys([own, *more]))


def _docker(*words: str, required: bool) -> str:
    try:
        done = subprocess.run(
            ["docker", *words],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_ANSWERS_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        if required:
            raise _no_engine(str(error)) from error
        return ""
    if done.returncode != 0 and required:
        raise _no_engine(done.stderr.strip())
    return done.stdout if done.returncode == 0 else ""


def _no_engine(words: str) -> DeployError:
    return DeployError(
        f"no Docker engine answers, and the runner's image is built by one ({' '.join(words.split())})",
        remedy="start Docker, or leave the image out with --skip-image (then no machines can be started on AWS)",
    )
