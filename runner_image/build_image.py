"""Builds the runner's image from a wheelhouse: `python -m runner_image.build_image --help`.

The image's python decides which wheels fit, and only the image knows it. So the Dockerfile's `system` stage is built
first and asked; then the wheels are collected out here, where the package index is configured; then the rest is built
with `pip --no-index`. Runs from a source checkout with the development requirements; talks to Docker by its client.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
DEFAULT_BASE = "ruby:3.4.7"
DEFAULT_TAG = "benchfleet-runner:latest"
_ASK_PYTHON = "import platform, sys; print('%d.%d' % sys.version_info[:2], platform.machine())"
# glibc of the oldest base that brings Python 3.11 is 2.36; wheels for these two reach back far enough for any.
_MANYLINUX = ("manylinux2014", "manylinux_2_28")


class BuildError(Exception):
    """A step of the build failed; its output went to stderr."""


@dataclass(frozen=True)
class Plan:
    """`system_packages` None leaves the Dockerfile's choice; "" means that the base has everything (no network then).

    `platform` is Docker's word, such as `linux/arm64`; None is the engine's own.
    """

    tag: str = DEFAULT_TAG
    base: str = DEFAULT_BASE
    system_packages: str | None = None
    platform: str | None = None

    def arguments(self) -> list[str]:
        arguments = ["--build-arg", f"BASE_IMAGE={self.base}", "--build-arg", f"IMAGE_NAME={self.tag}"]
        if self.system_packages is not None:
            arguments += ["--build-arg", f"SYSTEM_PACKAGES={self.system_packages}"]
        # The host's network, because an engine need not have a bridge.
        arguments += ["--network", "none" if self.system_packages == "" else "host"]
        return arguments + (["--platform", self.platform] if self.platform else [])


@dataclass(frozen=True)
class Target:
    """What the image's interpreter says of itself: `3.11`, `x86_64`."""

    python: str
    machine: str

    def pip_arguments(self) -> list[str]:
        platforms = [f"{name}_{self.machine}" for name in _MANYLINUX]
        flags = [flag for platform in platforms for flag in ("--platform", platform)]
        return ["--only-binary", ":all:", "--python-version", self.python, "--implementation", "cp", *flags]


def build(plan: Plan) -> str:
    """Builds and tags the image; returns its id. Raises BuildError."""
    with tempfile.TemporaryDirectory(prefix="benchfleet-image-") as name:
        context = Path(name)
        shutil.copy(SOURCE / "runner_image" / "Dockerfile", context)
        wheelhouse = context / "wheelhouse"
        wheelhouse.mkdir()
        system = _docker_build(context, [*plan.arguments(), "--target", "system"])
        fill_wheelhouse(wheelhouse, _ask(system, plan))
        return _docker_build(context, [*plan.arguments(), "--tag", plan.tag])


def fill_wheelhouse(wheelhouse: Path, target: Target) -> None:
    """Puts our wheel and everything that `benchfleet[runner]` needs, in the locked versions, into `wheelhouse`."""
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheelhouse), str(SOURCE))
    wheel = next(wheelhouse.glob("benchfleet-*.whl"))
    lock = SOURCE / "requirements-dev.lock"
    _pip(
        "download", *target.pip_arguments(), "--constraint", str(lock), "--dest", str(wheelhouse), f"{wheel}[runner]"
    )  # fmt: skip


def _ask(image: str, plan: Plan) -> Target:
    platform = ["--platform", plan.platform] if plan.platform else []
    command = ["docker", "run", "--rm", "--network", "none", *platform, "--entrypoint", "python3", image]
    python, machine = _run([*command, "-c", _ASK_PYTHON]).split()
    return Target(python, machine)


def _docker_build(context: Path, arguments: list[str]) -> str:
    id_file = context / "image-id"
    id_file.unlink(missing_ok=True)
    _run(["docker", "build", "--iidfile", str(id_file), *arguments, str(context)])
    return id_file.read_text().strip()


def _pip(*arguments: str) -> None:
    _run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments])


def _run(command: list[str]) -> str:
    """stdout of the command. Raises BuildError, with what it said on stderr."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise BuildError(f"{command[0]} is not installed") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-2_000:]
        raise BuildError(f"`{' '.join(command[:3])} …` ended with exit code {done.returncode}:\n{said}")
    return done.stdout


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runner_image.build_image", description="Build the runner's image.")
    parser.add_argument("--base", default=DEFAULT_BASE, help="image to build on (default: %(default)s)")
    parser.add_argument("--tag", default=DEFAULT_TAG, help="name of the result (default: %(default)s)")
    parser.add_argument("--platform", help="such as linux/arm64 (default: the engine's own)")
    parser.add_argument("--system-packages", help='what apt installs; "" if the base has everything')
    return parser


def main() -> int:
    asked = _parser().parse_args()
    plan = Plan(tag=asked.tag, base=asked.base, system_packages=asked.system_packages, platform=asked.platform)
    try:
        image = build(plan)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 3
    print(f"{plan.tag} {image}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
