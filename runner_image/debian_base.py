"""Makes a base image from Debian's package mirror, where no registry can be reached.

`python -m runner_image.debian_base` needs `debootstrap` and root. The file system is kept as a tar file, so a second
engine (or a cleaned one) costs seconds.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SUITE = "bookworm"
PACKAGES = ("python3", "python3-venv", "git", "ca-certificates")
REPOSITORY = "benchfleet-base"


def image_name() -> str:
    """Names suite and packages, so that another choice never meets an old image."""
    digest = hashlib.sha256(",".join(PACKAGES).encode()).hexdigest()[:8]
    return f"{REPOSITORY}:{SUITE}-{digest}"


def cache_dir() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "benchfleet"


def ensure(cache: Path) -> str:
    """Makes the base image unless the engine has it; returns its name. Raises CalledProcessError, FileNotFoundError."""
    name = image_name()
    if not _known(name):
        tar = cache / f"{name.replace(':', '-')}.tar"
        if not tar.exists():
            _bootstrap(tar)
        subprocess.run(["docker", "import", str(tar), name], check=True, capture_output=True)
    return name


def _known(name: str) -> bool:
    found = subprocess.run(["docker", "image", "inspect", name], capture_output=True, stdin=subprocess.DEVNULL)
    return found.returncode == 0


def _bootstrap(tar: Path) -> None:
    """Writes the tar file under another name first: a killed debootstrap must not leave half a base behind."""
    tar.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="base-", dir=tar.parent) as name:
        root, part = Path(name) / "root", Path(name) / "base.tar"
        command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root)]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        leave_out = ["--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*_*"]
        subprocess.run(["tar", "--numeric-owner", *leave_out, "-C", str(root), "-cf", str(part), "."], check=True)
        part.rename(tar)


def main() -> int:
    try:
        print(ensure(cache_dir()))
    except FileNotFoundError as error:
        print(f"{error.filename} is not installed", file=sys.stderr)
        return 3
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or b"").decode(errors="replace").strip()
        print(f"{error.cmd[0]} ended with exit code {error.returncode}\n{said[-2_000:]}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
