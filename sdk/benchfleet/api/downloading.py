"""Brings a run's archive home: resumed where it broke off, checked, and there whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchfleet_contract.runs import Archive
from benchfleet_contract.states import ArchiveState

from benchfleet.api.part_file import PartFile
from benchfleet.api.runs import run
from benchfleet.api.session import Session
from benchfleet.api.transfer import Source, Transfer
from benchfleet.exceptions import ArchiveError
from benchfleet.results.extract import check

_NOT_YET = {ArchiveState.NONE: "yet: the run has not ended", ArchiveState.BUILDING: "yet: it is being built"}


@dataclass(frozen=True)
class DownloadProgress:
    """`total_bytes` is None if the API does not know it. `done_bytes` falls back when a transfer starts anew."""

    done_bytes: int
    total_bytes: int | None


OnBytes = Callable[[DownloadProgress], None]


async def download(session: Session, run_id: str, to: Path | str, *, on_progress: OnBytes | None = None) -> Path:
    """Download a run's archive as the file `to` and return its path. A file that stood there is replaced.

    Size, SHA-256 and the gzip stream are checked before `to` appears; it appears whole or not at all. A transfer that
    breaks off is resumed, with a fresh URL if the old one has expired.
    Raises ArchiveError if there is no archive yet or it is damaged, DiskError, NotFound, UsageError, AuthError,
    Unreachable, ApiError.
    """
    first = await _archive(session, run_id)
    with PartFile(Path(to)) as part:

        def tell(archive: Archive) -> None:
            if on_progress:
                on_progress(DownloadProgress(part.size_bytes, archive.size_bytes))

        transfer = Transfer(session, part, sign=lambda: _archive(session, run_id), tell=tell)
        await _checked(transfer, first)
        await session.runtime.call(part.publish)
    return Path(to)


async def _checked(transfer: Transfer, first: Source) -> None:
    """Pieces that do not fit together are fetched once more, in one piece."""
    part, runtime = transfer.part, transfer.session.runtime
    source = await transfer.fetch(first)
    try:
        await runtime.call(check, part.path, sha256=source.archive.sha256)
    except ArchiveError:
        if not transfer.resumed:
            raise
        await runtime.call(part.restart)
        source = await transfer.fetch(source)
        await runtime.call(check, part.path, sha256=source.archive.sha256)


async def _archive(session: Session, run_id: str) -> Source:
    archive = (await run(session, run_id)).archive
    if archive.state != ArchiveState.READY or archive.url is None:
        why = _NOT_YET.get(archive.state) or f"to download: {archive.error or f'it is {archive.state}'}"
        raise ArchiveError(f"run {run_id} has no archive {why}")
    return Source(archive.url, archive)
