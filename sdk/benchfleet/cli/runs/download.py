"""`benchfleet runs download`."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect
from benchfleet.cli.run_ids import RESULTS, RunId, resolve
from benchfleet.cli.runs.here import either, find

if TYPE_CHECKING:
    from benchfleet import DownloadProgress
    from benchfleet.cli.documents.runs import RunDownloaded
    from benchfleet.client import Client

Results = Annotated[Path, typer.Option(help="Folder in which <run id>/ is created; one that is there is replaced.")]


def run(
    run_id: RunId,
    results: Results = RESULTS,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Download a run's archive: check size, SHA-256 and gzip stream, unpack as RESULTS/<run id>/.

    The folder appears whole or not at all. Exit code 1 if the archive could not take a result that was accepted.
    """
    from benchfleet.cli.output import print_document, size

    told = either(
        lambda: connect(api_url, api_key, profile, of=run_id),
        lambda: _fetched(run_id, results),
        lambda client: fetch(client, resolve(client, run_id), results),
        local=False,
    )
    if as_json:
        print_document(told)
    else:
        print(told.folder)
        held = f", results: {_words(told)}" if told.whole is not None else ""
        print(f"{size(told.size_bytes) or 'downloaded before'}, {len(told.tasks)} tasks{held}", file=sys.stderr)
    _require_whole(told)


def _words(told: "RunDownloaded") -> str:
    from benchfleet.results.lost import Totals

    return Totals(files=told.whole or 0, corrupt=told.corrupt or 0, missing=told.missing or 0).words


def _require_whole(told: "RunDownloaded") -> None:
    """Raises RunFailed if something is not there that was accepted."""
    from benchfleet.exceptions import RunFailed

    if told.corrupt or told.missing:
        raise RunFailed(f"not every result is whole ({_words(told)}): {told.folder}/manifest.json says why")


_ASIDE = "corrupt"  # where an archive keeps uploads that it could not take: no task's folder


def fetch(client: "Client", run_id: str, results: Path) -> "RunDownloaded":
    """Raises BenchfleetError: no archive yet, a damaged one, a full disk."""
    from benchfleet.results.extract import extract, sha256_of

    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=results) as name, _bar() as on_progress:
        file = client.download(run_id, Path(name) / "results.tar.gz", on_progress=on_progress)
        folder = results / run_id
        extract(file, folder)
        told: dict[str, object] = {"size_bytes": file.stat().st_size, "sha256": sha256_of(file)}
    return _told(run_id, folder, told)


def _fetched(given: str, results: Path) -> "RunDownloaded":
    """What `benchfleet run` has brought home: there is nothing more to download. Raises UsageError."""
    run, folder = find(given, results)
    return _told(run.run_id, folder, {"size_bytes": None, "sha256": None})


def _told(run_id: str, folder: Path, archive: "dict[str, object]") -> "RunDownloaded":
    from benchfleet.cli.documents.runs import RunDownloaded
    from benchfleet.results.lost import totals_of

    tasks = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != _ASIDE)
    totals = totals_of(folder)
    counts = (totals.files, totals.corrupt, totals.missing) if totals else (None, None, None)
    about = {**archive, "tasks": tasks, **dict(zip(("whole", "corrupt", "missing"), counts, strict=True))}
    return RunDownloaded.model_validate({"run_id": run_id, "folder": str(folder), **about})


@contextmanager
def _bar() -> "Iterator[Callable[[DownloadProgress], None] | None]":
    """On a terminal, and on stderr; in a pipe there is none."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("download", total=None)
        yield lambda now: progress.update(bar, completed=now.done_bytes, total=now.total_bytes)
