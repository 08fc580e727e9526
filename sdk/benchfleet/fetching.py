"""Brings a run's archive home."""

import tempfile
from pathlib import Path

from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import ArchiveState

from benchfleet.client import download
from benchfleet.exceptions import ArchiveError
from benchfleet.extraction import check, extract


def fetch(run: RunDetail, results: Path) -> Path:
    """Downloads the run's archive, checks it, unpacks it as `results/<run id>`. Raises BenchfleetError."""
    archive = run.archive
    if archive.state != ArchiveState.READY or archive.url is None:
        raise ArchiveError(f"run {run.run_id} has no archive: {archive.error or archive.state}")
    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=results) as name:
        file = Path(name) / "results.tar.gz"
        size = download(archive.url, file)
        if archive.size_bytes is not None and size != archive.size_bytes:
            raise ArchiveError(f"the archive has {size} bytes, the API says {archive.size_bytes}")
        check(file, sha256=archive.sha256)
        extract(file, results / run.run_id)
    return results / run.run_id
