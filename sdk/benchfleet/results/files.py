"""The only place that opens files of a results folder: bounded, no links, no surprises."""

import json
import os
import stat
from pathlib import Path
from typing import Any


class Unreadable(Exception):
    """A file that cannot be used; the message says why, in few words."""


def read_bytes(path: Path, *, most: int) -> bytes | None:
    """None if there is no such file. Raises Unreadable if it is not a regular file, or larger than `most` bytes."""
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            raise Unreadable(f"{path.name} is not a regular file")
        if about.st_size > most:
            raise Unreadable(f"{path.name} has {about.st_size} bytes, more than the {most} that are read")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from error


def read_end(path: Path, *, most: int) -> bytes | None:
    """The last `most` bytes of a regular file; None for whatever else stands there, links and pipes among it."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - most, 0))
            return file.read(most)
    except OSError:
        return None


def read_object(path: Path, *, most: int) -> dict[str, Any] | None:
    """A JSON object; None if there is no such file. Raises Unreadable."""
    raw = read_bytes(path, most=most)
    if raw is None:
        return None
    try:
        document = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path.name} is not JSON") from error
    if not isinstance(document, dict):
        raise Unreadable(f"{path.name} holds no JSON object")
    return document


def inner_folder(path: Path, name: str) -> Path | None:
    """The real folder `name` right in `path`; None if there is none, or if the name leads elsewhere."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return None
    try:
        return path / name if stat.S_ISDIR((path / name).lstat().st_mode) else None
    except (OSError, UnicodeEncodeError):  # such as a name that is too long, or that no file could have
        return None


def folders(path: Path) -> list[Path]:
    """Real folders in `path`, by name; links are left out. Raises Unreadable."""
    try:
        return sorted(child for child in path.iterdir() if child.is_dir() and not child.is_symlink())
    except OSError as error:
        raise Unreadable(f"{path} cannot be listed: {error.strerror}") from error
