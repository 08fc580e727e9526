"""Makes a base image from Debian's package mirror, where no registry can be reached.

`python -m runner_image.image.debian_base` needs `debootstrap` and root. The file system is kept as a tar file, so a second
engine (or a cleaned one) costs seconds.
"""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from runner_image.image.build_steps import Steps, ask, ended

SUITE = "bookworm"
RUNNER_NEEDS = ("python3", "python3-venv", "git", "ca-certificates")
# The default workload: the ruby that it measures, and what its suite's gems are built with.
RUBY_BENCH_NEEDS = ("ruby", "ruby-dev", "ruby-bundler", "build-essential", "libyaml-dev")
PACKAGES = (*RUNNER_NEEDS, *RUBY_BENCH_NEEDS)
REPOSITORY = "benchfleet-base"


def image_name() -> str:
    """Names suite and packages, so that another choice never meets an old image."""
    digest = hashlib.sha256(",".join(PACKAGES).encode()).hexdigest()[:8]
    return f"{REPOSITORY}:{SUITE}-{digest}"


def cache_dir() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "benchfleet"


def ensure(cache: Path, steps: Steps | None = None) -> str:
    """Makes the base image unless the engine has it; returns its name. Raises BuildError, OSError."""
    steps = steps or Steps("image-base", sys.stderr)
    name = image_name()
    if _known(name):
        steps.begin(f"the engine has {name}")
        return name
    tar = cache / f"{name.replace(':', '-')}.tar"
    if not tar.exists():
        _bootstrap(tar, steps)
    steps.begin(f"docker imports {tar} ({tar.stat().st_size // 1_000_000} MB)")
    ask(["docker", "import", str(tar), name])
    return name


def _known(name: str) -> bool:
    """Raises BuildError if no engine answers: minutes of debootstrap would be for nothing."""
    return bool(ask(["docker", "image", "ls", "--quiet", name]).strip())


def _bootstrap(tar: Path, steps: Steps) -> None:
    """Writes the tar file under another name first: a killed debootstrap must not leave half a base behind."""
    tar.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="base-", dir=tar.parent) as name:
        root, part = Path(name) / "root", Path(name) / "base.tar"
        steps.begin(f"debootstrap installs Debian {SUITE} with {', '.join(PACKAGES)} (some minutes)")
        steps.run(["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root)])
        leave_out = ["--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*_*"]
        steps.begin(f"tar packs it as {tar}")
        steps.run(["tar", "--numeric-owner", *leave_out, "-C", str(root), "-cf", str(part), "."])
        part.rename(tar)


def main() -> int:
    return ended("image-base", lambda: ensure(cache_dir()))


if __name__ == "__main__":
    sys.exit(main())
