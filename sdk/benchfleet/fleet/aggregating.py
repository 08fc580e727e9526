"""`fleet aggregate`: every file of a fleet from its benchmarks' `results.json` alone, ours or another tool's."""

import os
from collections.abc import Sequence
from pathlib import Path

from benchfleet_contract.fleets.results import BenchmarkResults, FleetBenchmarkResults, RepositoryResult, RunStatus
from benchfleet_results.fleets.aggregate import aggregate
from benchfleet_results.fleets.artifacts import FORMATS, artifacts
from benchfleet_results.fleets.benchmarks import placed
from benchfleet_results.fleets.costs import as_legacy
from pydantic import ValidationError

from benchfleet.fleet.errors import FolderError

RESULTS = "results.json"


def read_folder(folder: Path, *, legacy_prices: bool = False) -> FleetBenchmarkResults:
    """The time of the results is when the last benchmark ended, so that the same files give the same bytes.

    Files that do not say where they belong are placed by their folder: `repository/target[/scenario]/results.json`.
    Raises FolderError for no file at all, and for one that does not read.
    """
    read = [(path, _read(path)) for path in sorted(folder.rglob(RESULTS))]
    if not read:
        raise FolderError(f"{folder}: no {RESULTS} below it; give the folder of a run, or of one benchmark")
    made = [_placed(path.relative_to(folder), as_legacy(one) if legacy_prices else one) for path, one in read]
    benchmarks = sorted(made, key=_order)  # stable: files without a number stay in the order of their paths
    first = benchmarks[0].results
    return aggregate(
        first.fleet_id or folder.resolve().name,
        benchmarks,
        timestamp=max(one.results.completed_at for one in benchmarks),
        run_id=first.run_id,
        status=_status(benchmarks),
    )


def write(
    results: FleetBenchmarkResults, out: Path, *, formats: Sequence[str] = FORMATS, save_responses: bool = True
) -> list[Path]:
    """Each file by rename, so that no reader sees half of one; `fleet-results.json` last."""
    written = []
    for name, content in artifacts(results, formats=formats, save_responses=save_responses):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(content)
        os.replace(part, path)
        written.append(path)
    return written


def _read(path: Path) -> BenchmarkResults:
    try:
        return BenchmarkResults.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise FolderError(f"{path}: {field}: {first['msg']} ({error.error_count()} problems)") from None
    except OSError as error:
        raise FolderError(f"{path}: {error.strerror}") from None


def _placed(path: Path, results: BenchmarkResults) -> RepositoryResult:
    if results.repository_id is not None:
        return placed(results)
    repository, target, scenario = [*path.parts[:-1], None, None, None][:3]
    known = {"repository_id": repository or results.dataset_name, "target": target, "scenario": scenario}
    return placed(results.model_copy(update=known))


def _order(one: RepositoryResult) -> float:
    return float("inf") if one.results.position is None else one.results.position


def _status(benchmarks: Sequence[RepositoryResult]) -> RunStatus:
    statuses = {test.status for one in benchmarks for test in one.results.results}
    if statuses <= {"success"}:
        return "completed"
    return "partial" if "success" in statuses else "failed"
