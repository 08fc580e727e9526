"""Fetching an app: pinned, bounded, and never outside its folder."""

import hashlib
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from runner_image.workloads.http.apps.fetch import Archive, FetchFailed, Git, fetch
from tests.each_case import each_case


def packed(tmp_path: Path, *names: str, link: str | None = None) -> Archive:
    path = tmp_path / "app.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 3
            tar.addfile(member, io.BytesIO(b"abc"))
        if link:
            member = tarfile.TarInfo("link")
            member.type, member.linkname = tarfile.SYMTYPE, link
            tar.addfile(member)
    return of(path)


def of(path: Path) -> Archive:
    return Archive(f"file://{path}", hashlib.sha256(path.read_bytes()).hexdigest())


def test_an_archive_is_unpacked(tmp_path: Path) -> None:
    app = fetch(packed(tmp_path, "app/server.py"), tmp_path / "to", below="app")
    assert (app / "server.py").read_bytes() == b"abc"


def test_a_zip_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as file:
        file.writestr("server.py", "abc")
    assert (fetch(of(tmp_path / "app.zip"), tmp_path / "to") / "server.py").read_text() == "abc"


@each_case("name", ["../evil", "/tmp/evil", "a/../../evil"])
def test_a_name_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FetchFailed, match="lies outside of it"):
        fetch(packed(tmp_path, name), tmp_path / "to")
    assert list((tmp_path / "to").iterdir()) == []


def test_a_link_outside_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="cannot be unpacked"):
        fetch(packed(tmp_path, link="/etc/passwd"), tmp_path / "to")


def test_what_is_no_archive_or_another_one_is_said(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("no archive")
    with pytest.raises(FetchFailed, match="cannot be unpacked"):
        fetch(of(tmp_path / "x"), tmp_path / "a")
    with pytest.raises(FetchFailed, match="has SHA-256"):
        fetch(Archive(of(tmp_path / "x").url, "0" * 64), tmp_path / "b")
    with pytest.raises(FetchFailed, match="must have 64 hex digits"):
        fetch(Archive(of(tmp_path / "x").url, ""), tmp_path / "c")


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for name in range(3):
            file.writestr(str(name), b"\0" * 500)
    with pytest.raises(FetchFailed, match="more than 20000 files or 1000 bytes"):
        fetch(of(tmp_path / "bomb.zip"), tmp_path / "to", longest=1_000)


def test_a_repository_is_fetched_at_its_commit(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()

    def git(*words: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        return subprocess.run(["git", *who, *words], cwd=repository, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    for text in ("one", "two"):
        (repository / "server.py").write_text(text)
        git("add", ".")
        git("commit", "-qm", text)
    first = git("rev-parse", "HEAD~1").strip()
    app = fetch(Git(f"file://{repository}", first), tmp_path / "to")
    assert (app / "server.py").read_text() == "one"
    with pytest.raises(FetchFailed, match="must have 40 hex digits"):
        fetch(Git(f"file://{repository}", "main"), tmp_path / "other")


@each_case("url", ["ext::sh -c id", "--upload-pack=id", "git@example.com:x"])
def test_other_kinds_of_url_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(FetchFailed, match="must begin with"):
        fetch(Git(url, "0" * 40), tmp_path / "to")
