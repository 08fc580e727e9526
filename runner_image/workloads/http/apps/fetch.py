"""Fetches an app from an archive or a git URL, bounded, and never outside its folder."""

import hashlib
import re
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx

from runner_image.errors import TaskError
from runner_image.workloads.http.whole import Sockets, within

LONGEST_ARCHIVE = 64 * 1024 * 1024  # bytes, packed
LONGEST_APP = 256 * 1024 * 1024  # bytes, unpacked
MOST_FILES = 20_000
GIT_S, DOWNLOAD_S = 300.0, 300.0

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SUM = re.compile(r"[0-9a-f]{64}")


class FetchFailed(TaskError):
    """The app could not be fetched as it was asked for: what was asked for, or the network, is to blame."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_type="app_not_fetched")


@dataclass(frozen=True)
class Archive:
    """A .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz at a URL, pinned by the SHA-256 of its bytes (64 hex digits)."""

    url: str
    sha256: str


@dataclass(frozen=True)
class Git:
    """A repository at a commit, which is 40 hex digits: a branch moves."""

    url: str
    commit: str


def fetch(
    source: Archive | Git, to: Path, *, below: str = "", longest: int = LONGEST_APP, longest_s: float = DOWNLOAD_S
) -> Path:
    """The folder of the app: `to`, or `below` in it. `to` must not exist. Raises FetchFailed.

    `longest`: bytes unpacked; `longest_s`: of the download of an archive.
    """
    if not source.url.startswith(("https://", "http://", "file:///")):
        raise FetchFailed(f"App URL {source.url!r} must begin with https://, http:// or file:///")
    to.mkdir(parents=True)
    if isinstance(source, Git):
        _clone(source, to)
    else:
        _unpack(_downloaded(source, to.with_name(f"{to.name}.archive"), longest_s), to, longest)
    app = (to / below).resolve()
    if not app.is_relative_to(to.resolve()) or not app.is_dir():
        raise FetchFailed(f"There is no folder {below!r} in {source.url}")
    return app


def _clone(source: Git, to: Path) -> None:
    """One commit, no hooks, no submodules, no prompt."""
    if not _COMMIT.fullmatch(source.commit):
        raise FetchFailed(f"Commit {source.commit!r} must have 40 hex digits: a branch or a short hash may move")
    fetching = ("fetch", "--quiet", "--depth", "1", "--end-of-options", source.url, source.commit)
    for words in (("init", "--quiet"), fetching, ("checkout", "--quiet", "--detach", source.commit)):
        _git(words, to)


def _git(words: tuple[str, ...], cwd: Path) -> None:
    environment = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(cwd), "PATH": "/usr/bin:/bin"}
    command = ["git", "-c", "core.hooksPath=/dev/null", *words]
    try:
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=GIT_S)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise FetchFailed(f"git {words[0]}: {error}") from error
    if done.returncode != 0:
        raise FetchFailed(f"git {words[0]} ended with {done.returncode}: {done.stderr.strip()[-400:]}")


def _downloaded(source: Archive, to: Path, longest_s: float) -> Path:
    """Raises FetchFailed where it is too long or another one than was asked for."""
    if not _SUM.fullmatch(source.sha256):
        raise FetchFailed(f"sha256 {source.sha256!r} of {source.url} must have 64 hex digits")
    if source.url.startswith("file:///"):
        to = Path(source.url.removeprefix("file://"))
    else:
        _download(source.url, to, longest_s)
    got = hashlib.sha256(to.read_bytes()).hexdigest()
    if got != source.sha256:
        raise FetchFailed(f"{source.url} has SHA-256 {got}, expected {source.sha256}")
    return to


def _download(url: str, to: Path, longest_s: float) -> None:
    sockets = Sockets()
    with within(longest_s, sockets.shut_down) as over:
        try:
            _received(url, to, sockets)
        except httpx.HTTPError as error:
            why = f"not whole after {longest_s:g} s" if over.is_set() else f"{type(error).__name__}: {error}"
            raise FetchFailed(f"{url}: {why}") from error


def _received(url: str, to: Path, sockets: Sockets) -> None:
    size = 0
    with (
        httpx.Client(follow_redirects=True, timeout=30) as client,
        client.stream("GET", url, extensions=sockets.extensions) as response,
        to.open("wb") as file,
    ):
        response.raise_for_status()
        for piece in response.iter_bytes():
            size += len(piece)
            if size > LONGEST_ARCHIVE:
                raise FetchFailed(f"{url} is longer than {LONGEST_ARCHIVE} bytes")
            file.write(piece)


def _unpack(archive: Path, to: Path, longest: int) -> None:
    """Checks names, number and sizes before the first byte is written."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed:
                _bounded([(one.filename, one.file_size) for one in packed.infolist()], longest)
                packed.extractall(to)  # noqa: S202  # checked above
        else:
            with tarfile.open(archive) as tar:
                _bounded([(one.name, one.size) for one in tar], longest)
                tar.extractall(to, filter="data")  # checked above, and links by the filter
    except (tarfile.TarError, zipfile.BadZipFile, OSError) as error:
        raise FetchFailed(f"{archive.name} cannot be unpacked: {error}") from error


def _bounded(members: list[tuple[str, int]], longest: int) -> None:
    if len(members) > MOST_FILES or sum(size for _, size in members) > longest:
        raise FetchFailed(f"The archive has more than {MOST_FILES} files or {longest} bytes")
    for name, _ in members:
        if name.startswith("/") or ".." in Path(name).parts:
            raise FetchFailed(f"The archive names {name!r}, which lies outside of it")
