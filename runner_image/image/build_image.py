"""Builds the runner's image from a wheelhouse: `python -m runner_image.image.build_image --help`.

The image's python decides which wheels fit, and only the image knows it. So the Dockerfile's `system` stage is built
first and asked; then the wheels are collected out here, where the package index is configured; then the rest is built
with `pip --no-index`. Runs from a source checkout with the development requirements; talks to Docker by its client.
"""

import argparse
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from runner_image.image.build_steps import Steps, ask, ended
from runner_image.image.labels import RUBY_LABEL

SOURCE = Path(__file__).resolve().parents[2]
DEFAULT_BASE = "ruby:3.4.7"
DEFAULT_TAG = "benchfleet-runner:latest"
_ASK_PYTHON = "import platform, sys; print('%d.%d' % sys.version_info[:2], platform.machine())"
# glibc of the oldest base that brings Python 3.11 is 2.36; wheels for these two reach back far enough for any.
_MANYLINUX = ("manylinux2014", "manylinux_2_28")


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


def build(plan: Plan, steps: Steps | None = None) -> str:
    """Builds and tags the image; returns its id. Raises BuildError."""
    steps = steps or Steps("image", sys.stderr)
    with tempfile.TemporaryDirectory(prefix="benchfleet-image-") as name:
        context = Path(name)
        shutil.copy(SOURCE / "runner_image" / "Dockerfile", context)
        wheelhouse = context / "wheelhouse"
        wheelhouse.mkdir()
        steps.begin(f"docker builds the system on {plan.base} (some minutes where packages are to be fetched)")
        system = _docker_build(steps, context, [*plan.arguments(), "--target", "system"])
        fill_wheelhouse(wheelhouse, _ask(system, plan), steps)
        steps.begin(f"docker builds {plan.tag} from the wheels")
        ruby = _ask_ruby(system, plan)
        label = ["--label", f"{RUBY_LABEL}={ruby}"] if ruby else []
        return _docker_build(steps, context, [*plan.arguments(), *label, "--tag", plan.tag])


def fill_wheelhouse(wheelhouse: Path, target: Target, steps: Steps) -> None:
    """Puts our wheel and everything that `benchfleet[runner]` needs, in the locked versions, into `wheelhouse`."""
    steps.begin(f"pip collects the wheels for Python {target.python} on {target.machine}")
    _pip(steps, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheelhouse), str(SOURCE))
    wheel = f"{next(wheelhouse.glob('benchfleet-*.whl'))}[runner]"
    lock = ["--constraint", str(SOURCE / "requirements-dev.lock")]
    _pip(steps, "download", *target.pip_arguments(), *lock, "--dest", str(wheelhouse), wheel)


def _ask(image: str, plan: Plan) -> Target:
    platform = ["--platform", plan.platform] if plan.platform else []
    command = ["docker", "run", "--rm", "--network", "none", *platform, "--entrypoint", "python3", image]
    python, machine = ask([*command, "-c", _ASK_PYTHON]).split()
    return Target(python, machine)


def _ask_ruby(image: str, plan: Plan) -> str:
    """The version of the image's ruby, `3.4.7` or `3.5.0preview1`; empty where it has none."""
    platform = ["--platform", plan.platform] if plan.platform else []
    command = ["docker", "run", "--rm", "--network", "none", *platform, "--entrypoint", "sh", image]
    found = ask([*command, "-c", "ruby --version 2>/dev/null || true"]).split()
    return re.sub(r"p\d+$", "", found[1]) if len(found) > 1 and found[0] == "ruby" else ""


def _docker_build(steps: Steps, context: Path, arguments: list[str]) -> str:
    id_file = context / "image-id"
    id_file.unlink(missing_ok=True)
    steps.run(["docker", "build", "--iidfile", str(id_file), *arguments, str(context)])
    return id_file.read_text().strip()


def _pip(steps: Steps, *arguments: str) -> None:
    steps.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m runner_image.image.build_image", description="Build the runner's image."
    )
    parser.add_argument("--base", default=DEFAULT_BASE, help="image to build on (default: %(default)s)")
    parser.add_argument("--tag", default=DEFAULT_TAG, help="name of the result (default: %(default)s)")
    parser.add_argument("--platform", help="such as linux/arm64 (default: the engine's own)")
    parser.add_argument("--system-packages", help='what apt installs; "" if the base has everything')
    return parser


def main() -> int:
    asked = _parser().parse_args()
    plan = Plan(tag=asked.tag, base=asked.base, system_packages=asked.system_packages, platform=asked.platform)
    return ended("image", lambda: f"{plan.tag} {build(plan)}")


if __name__ == "__main__":
    sys.exit(main())
