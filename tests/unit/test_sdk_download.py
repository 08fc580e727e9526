"""The archive arrives whole or not at all, whatever happens on the way."""

import asyncio
import gzip
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchfleet import AsyncClient, DownloadProgress, exceptions

from tests.each_case import each_case
from tests.unit.sdk_network import Ask, Network, detail, ok
from tests.unit.sdk_storage import CONTENT, Storage, download, raises, says

BROKEN = httpx.ReadError("broken")


@pytest.fixture(params=["blocking", "awaited"])
def ask(request: pytest.FixtureRequest) -> Ask:
    return Ask(request.param)


def nothing_left(folder: Path) -> bool:
    return list(folder.iterdir()) == []


def test_the_archive_is_there_and_nothing_else(ask: Ask, tmp_path: Path) -> None:
    seen: list[DownloadProgress] = []
    to = tmp_path / "new" / "results.tar.gz"
    assert download(ask, Storage(), to, on_progress=seen.append) == to
    assert to.read_bytes() == CONTENT
    assert list(to.parent.iterdir()) == [to]
    assert [look.done_bytes for look in seen] == sorted(look.done_bytes for look in seen)
    assert seen[-1] == DownloadProgress(len(CONTENT), len(CONTENT))
    assert len(seen) > 1


def test_the_file_has_the_rights_of_any_new_file(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    to = download(ask, Storage(), tmp_path / "results.tar.gz")
    assert to.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_what_stood_there_is_replaced(ask: Ask, tmp_path: Path) -> None:
    to = tmp_path / "results.tar.gz"
    to.write_text("old")
    download(ask, Storage(), to)
    assert to.read_bytes() == CONTENT


def test_every_answer_is_closed(ask: Ask, tmp_path: Path) -> None:
    """Otherwise a pool of connections runs dry."""
    storage = Storage()
    storage.then(storage.breaks_after(1000, BROKEN), says(503), says(403), says(416), storage.breaks_after(5, None))
    download(ask, storage, tmp_path / "a")
    assert len(storage.bodies) == 2 + 6
    assert all(body.closed for body in storage.bodies)


def test_an_archive_that_was_built_anew_is_the_one_that_comes(ask: Ask, tmp_path: Path) -> None:
    """The URL expires, and what the fresh one leads to is another file."""
    storage, later = Storage(), Storage(content=gzip.compress(b"built anew"))

    def expire(_request: httpx.Request) -> httpx.Response:
        storage.content, storage.archive = later.content, later.archive
        return httpx.Response(403)

    storage.then(storage.breaks_after(1000, BROKEN), expire)
    assert download(ask, storage, tmp_path / "a").read_bytes() == later.content


def test_storage_never_sees_the_key(ask: Ask, tmp_path: Path) -> None:
    storage = Storage()
    download(ask, storage, tmp_path / "a")
    assert ["Authorization" in request.headers for request in storage.requests] == [True, False]


@pytest.mark.parametrize("error", [BROKEN, httpx.ReadTimeout("slow"), None], ids=["broken", "silent", "short"])
def test_a_broken_transfer_goes_on_where_it_broke_off(ask: Ask, tmp_path: Path, error: Exception | None) -> None:
    storage = Storage()
    storage.then(storage.breaks_after(1000, error), storage.breaks_after(2000, error))
    to = download(ask, storage, tmp_path / "a")
    assert to.read_bytes() == CONTENT
    assert storage.ranges == [None, "bytes=1000-", "bytes=3000-"]
    assert len({request.headers["If-Match"] for request in storage.fetches[1:]}) == 1
    assert storage.pauses_s == [0.5, 0.5]


def test_a_transfer_that_never_gets_on_ends(ask: Ask, tmp_path: Path) -> None:
    storage = Storage(*[raises(BROKEN)] * 6)
    with pytest.raises(
        exceptions.Unreachable, match=r"https://storage\.test/runs/7/results\.tar\.gz: broken"
    ) as raised:
        download(ask, storage, tmp_path / "a")
    assert "hidden" not in str(raised.value)
    assert nothing_left(tmp_path)


def test_storage_that_ignores_ranges_starts_anew(ask: Ask, tmp_path: Path) -> None:
    storage = Storage()
    storage.then(storage.breaks_after(1000, BROKEN), says(200, content=CONTENT))
    assert download(ask, storage, tmp_path / "a").read_bytes() == CONTENT


def test_a_wrong_part_starts_anew(ask: Ask, tmp_path: Path) -> None:
    storage = Storage()
    wrong = {"Content-Range": "bytes 5-9/10"}
    storage.then(storage.breaks_after(1000, BROKEN), says(206, content=b"12345", headers=wrong))
    assert download(ask, storage, tmp_path / "a").read_bytes() == CONTENT
    assert storage.ranges == [None, "bytes=1000-", None]


@pytest.mark.parametrize("status", [412, 416])
def test_an_archive_that_changed_starts_anew(ask: Ask, tmp_path: Path, status: int) -> None:
    storage = Storage()
    storage.then(storage.breaks_after(1000, BROKEN), says(status))
    assert download(ask, storage, tmp_path / "a").read_bytes() == CONTENT
    assert storage.ranges == [None, "bytes=1000-", None]


def test_beginning_anew_has_an_end(ask: Ask, tmp_path: Path) -> None:
    """A proxy that changes ETags and cuts what is long."""
    storage = Storage()
    for _ in range(20):
        storage.then(storage.breaks_after(1000, BROKEN), says(412))
    with pytest.raises(exceptions.Unreachable):
        download(ask, storage, tmp_path / "a")
    assert len(storage.fetches) == 7
    assert nothing_left(tmp_path)


@pytest.mark.parametrize("status", [400, 403])
def test_an_expired_url_is_signed_again_and_the_transfer_goes_on(ask: Ask, tmp_path: Path, status: int) -> None:
    storage = Storage()
    storage.then(storage.breaks_after(1000, BROKEN), says(status, text="<Error>Request has expired</Error>"))
    assert download(ask, storage, tmp_path / "a").read_bytes() == CONTENT
    assert [request.url.params["X-Amz-Signature"] for request in storage.fetches] == ["hidden1", "hidden1", "hidden2"]
    assert storage.ranges[-1] == "bytes=1000-"


def test_a_url_may_expire_as_often_as_there_is_progress_between(ask: Ask, tmp_path: Path) -> None:
    storage = Storage()
    for _ in range(3):
        storage.then(storage.breaks_after(1000, BROKEN), says(403))
    assert download(ask, storage, tmp_path / "a").read_bytes() == CONTENT
    assert storage.ranges[-1] == "bytes=3000-"
    assert storage.signed == 4


def test_a_fresh_url_that_is_refused_too_ends_it(ask: Ask, tmp_path: Path) -> None:
    storage = Storage(says(403), says(403))
    with pytest.raises(exceptions.ApiError, match=r"storage\.test/runs/7/results\.tar\.gz answered HTTP 403") as raised:
        download(ask, storage, tmp_path / "a")
    assert storage.signed == 2
    assert "hidden" not in str(raised.value)
    assert not isinstance(raised.value, exceptions.AuthError), "it was not the key that was refused"
    assert nothing_left(tmp_path)


def test_busy_storage_is_asked_again(ask: Ask, tmp_path: Path) -> None:
    storage = Storage(says(503, headers={"Retry-After": "2"}))
    download(ask, storage, tmp_path / "a")
    assert storage.pauses_s == [2.5]


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        ({"sha256": "0" * 64}, "has SHA-256"),
        ({"size_bytes": len(CONTENT) - 1}, f"more than the {len(CONTENT) - 1} bytes"),
    ],
    ids=["checksum", "too long"],
)
def test_a_damaged_archive_is_refused(ask: Ask, tmp_path: Path, archive: dict[str, Any], words: str) -> None:
    with pytest.raises(exceptions.ArchiveError, match=words):
        download(ask, Storage(**archive), tmp_path / "a")
    assert nothing_left(tmp_path)


def test_what_is_no_gzip_is_refused(ask: Ask, tmp_path: Path) -> None:
    with pytest.raises(exceptions.ArchiveError, match="is not a whole gzip file"):
        download(ask, Storage(content=gzip.compress(b"x" * 100)[:-4]), tmp_path / "a")
    assert nothing_left(tmp_path)


def test_pieces_that_do_not_fit_are_fetched_once_more_in_one(ask: Ask, tmp_path: Path) -> None:
    storage = Storage()
    rest = {"Content-Range": f"bytes 1000-{len(CONTENT) - 1}/{len(CONTENT)}"}
    storage.then(storage.breaks_after(1000, BROKEN), says(206, content=bytes(len(CONTENT) - 1000), headers=rest))
    assert download(ask, storage, tmp_path / "a").read_bytes() == CONTENT
    assert storage.ranges == [None, "bytes=1000-", None]


@each_case(
    ("archive", "words"),
    [
        ({"state": "none"}, r"run 7 has no archive yet: the run has not ended$"),
        ({"state": "building"}, r"run 7 has no archive yet: it is being built$"),
        ({"state": "failed", "error": "the bucket is gone"}, "run 7 has no archive to download: the bucket is gone"),
    ],
)
def test_a_run_without_an_archive(ask: Ask, tmp_path: Path, archive: dict[str, str], words: str) -> None:
    with pytest.raises(exceptions.ArchiveError, match=words):
        download(ask, Network(ok(detail() | {"archive": archive})), tmp_path / "a")
    assert nothing_left(tmp_path)


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    """The kernel refuses to write more into one file, as it refuses on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with largest_file(2_000_000), pytest.raises(exceptions.DiskError) as raised:
        download(ask, Storage(), tmp_path / "a")
    said = str(raised.value)
    assert said.startswith(f"cannot write {tmp_path}/a after 1966080 bytes: File too large")
    assert "free some space" in said
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_a_place_that_cannot_be_written(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(exceptions.DiskError, match="cannot write"):
        download(ask, Storage(), tmp_path / "file" / "a")


def test_a_folder_is_no_place_for_a_file(ask: Ask, tmp_path: Path) -> None:
    with pytest.raises(exceptions.UsageError, match="is a folder: name the file"):
        download(ask, Storage(), tmp_path)
    assert nothing_left(tmp_path)


def test_an_error_of_the_caller_is_not_taken_for_one_of_the_disk(ask: Ask, tmp_path: Path) -> None:
    def closed(_look: DownloadProgress) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        download(ask, Storage(), tmp_path / "a", on_progress=closed)
    assert nothing_left(tmp_path)


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(_look: DownloadProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(Ask("blocking"), Storage(), tmp_path / "a", on_progress=interrupt)
    assert nothing_left(tmp_path)


def test_a_cancelled_task_leaves_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        storage, begun = Storage(), asyncio.Event()
        async with AsyncClient("http://api.test", transport=httpx.MockTransport(storage)) as client:
            told = client.download("7", tmp_path / "a", on_progress=lambda _look: begun.set())
            task = asyncio.create_task(told)
            await asyncio.wait_for(begun.wait(), 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(scene())
    assert nothing_left(tmp_path)
