"""A base for the image of a rehearsal: that of CI without compilers, ruby and manuals, which nothing there runs.

An image is compressed when it is pushed: the whole base takes Docker a minute of CPU time.
"""

import hashlib
import subprocess

from runner_image.image import debian_base

LEFT_OUT = (
    "./usr/lib/gcc*", "./usr/include", "./usr/bin/*-linux-gnu-*", "*.a", "./usr/lib/*/*san.so*",
    "./usr/lib/ruby", "./usr/share/rubygems*", "./usr/share/perl*", "./usr/lib/*/perl*",
    "./usr/share/doc", "./usr/share/man", "./usr/share/info", "./usr/share/locale", "./usr/share/zoneinfo",
    "./var/cache", "./var/lib/dpkg", "./proc/*", "./sys/*",
)  # fmt: skip
_TAR = ("tar", "-C", "/", "--one-file-system", "-cf", "-", *(f"--exclude={name}" for name in LEFT_OUT), ".")


def ensure() -> str:
    """Its name; made unless the engine has it. Raises BuildError, CalledProcessError."""
    whole = debian_base.ensure(debian_base.cache_dir())
    found = _docker("image", "inspect", "--format", "{{.Id}}", whole)
    digest = hashlib.sha256(f"{found} {LEFT_OUT}".encode()).hexdigest()[:8]
    name = f"{debian_base.REPOSITORY}:rehearsal-{digest}"
    if not _docker("image", "ls", "--quiet", name):
        _import(whole, name)
    return name


def forget_images_of(registry: str) -> None:
    """Removes what was tagged for a registry that is gone, such as `127.0.0.1:4566`; layers stay for the next build."""
    names = _docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
    if mine := [name for name in names if name.startswith(f"{registry}/") and not name.endswith(":<none>")]:
        _docker("image", "rm", *mine)


def _import(whole: str, name: str) -> None:
    with subprocess.Popen(
        ["docker", "run", "--rm", "--network", "none", "--entrypoint", _TAR[0], whole, *_TAR[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as packing:
        subprocess.run(["docker", "import", "-", name], stdin=packing.stdout, stdout=subprocess.DEVNULL, check=True)
    if packing.returncode != 0:
        _docker("image", "rm", name)
        raise subprocess.CalledProcessError(packing.returncode, _TAR)


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return done.stdout.strip()
