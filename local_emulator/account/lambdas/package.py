"""A function's zip as a folder, and the libraries that AWS's Python runtime has beside it."""

import importlib.util
import io
import os
import shutil
import threading
import zipfile
from pathlib import Path

RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")  # of AWS's Python runtime


class BadPackage(Exception):
    """The zip of a function cannot be unpacked."""


class Packages:
    """Unpacks each zip once below `folder`; functions that share one share its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runtime: Path | None = None
        self._one = threading.Lock()

    def unpacked(self, code: bytes, digest: str) -> Path:
        """`digest` names the zip. Raises BadPackage."""
        with self._one:  # functions that start at the same time share a zip
            return self._unpacked(code, digest)

    def runtime(self) -> Path:
        """A folder with what AWS's runtime has: nothing else of this machine's libraries can be imported."""
        with self._one:
            return self._made_runtime()

    def _unpacked(self, code: bytes, digest: str) -> Path:
        place = self._folder / f"task-{digest.replace('/', '_').replace('=', '')}"
        if not place.exists():
            part = place.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            try:
                _unpack(code, part)
            except (zipfile.BadZipFile, OSError, ValueError) as error:
                raise BadPackage(f"the function's zip cannot be unpacked: {error}") from error
            part.rename(place)
        return place

    def _made_runtime(self) -> Path:
        if self._runtime is None:
            place = self._folder / "runtime"
            place.mkdir(exist_ok=True)
            for name in RUNTIME:
                source = _source(name)
                if source and not (place / source.name).exists():
                    (place / source.name).symlink_to(source)
            self._runtime = place
        return self._runtime


def _source(name: str) -> Path | None:
    found = importlib.util.find_spec(name)
    if found is None or not found.origin:
        return None
    origin = Path(found.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def _unpack(code: bytes, place: Path) -> None:
    root = place.resolve()
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        for member in archive.infolist():
            if not (root / member.filename).resolve().is_relative_to(root):
                raise ValueError(f"{member.filename} leads out of the package")
        archive.extractall(place)  # each name is checked above
        for member in archive.infolist():
            if mode := member.external_attr >> 16 & 0o777:
                os.chmod(place / member.filename, mode | 0o600)
