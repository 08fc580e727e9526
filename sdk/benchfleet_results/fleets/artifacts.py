"""Every file of a fleet run, as path and bytes; `fleet-results.json` last, because its existence says that all is there."""

import json
from collections.abc import Iterator, Sequence

from benchfleet_contract.fleets.results import BenchmarkResults, FleetBenchmarkResults, RepositoryResult, TestResult
from pydantic import BaseModel

from benchfleet_results.fleets import csv_files
from benchfleet_results.fleets.places import FLEET_RESULTS, FLEET_SUMMARY, REPORT, file_of, folders

FORMATS = ("json", "csv", "html")


def artifacts(
    results: FleetBenchmarkResults,
    *,
    formats: Sequence[str] = FORMATS,
    save_responses: bool = True,
    reports: bool = True,
) -> Iterator[tuple[str, bytes]]:
    """Paths are relative to the run's folder, with `/`. `fleet-results.json` is the last one.

    The promised files are always there; `formats` adds `csv` (with the executive report), `html` and `yaml`. `reports` False:
    without pages for people.
    """
    for folder, one in zip(folders(results.repository_results), results.repository_results, strict=True):
        yield from _benchmark(folder, one, save_responses)
    if "csv" in formats:
        yield from _csv(results, reports)
    if "html" in formats and reports:
        yield REPORT, _page(results)
    if "yaml" in formats:
        yield "fleet-results.yaml", as_yaml(results)
    yield FLEET_SUMMARY, csv_files.fleet_summary(results)
    yield FLEET_RESULTS, as_json(results)


def expected(benchmarks: Sequence[RepositoryResult]) -> list[str]:
    """The promised paths, known before a run: both files of the fleet, then two of each benchmark."""
    places = [f"{folder}/{name}" for folder in folders(benchmarks) for name in ("results.json", "summary.csv")]
    return [FLEET_RESULTS, FLEET_SUMMARY, *places]


def as_json(document: BaseModel) -> bytes:
    """Fields in their order, two spaces, maps sorted by whoever made them; a line end."""
    return document.model_dump_json(indent=2).encode() + b"\n"


def as_yaml(results: FleetBenchmarkResults) -> bytes:
    """JSON is YAML 1.2; block style would need a library that the control plane does not carry."""
    return as_json(results)


def deterministic(results: FleetBenchmarkResults) -> bytes:
    """The same with the keys of every object in alphabetical order, and the time with its offset."""
    document = results.model_dump(mode="json")
    document["timestamp"] = csv_files.offset(results.timestamp)
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def own(one: RepositoryResult) -> BenchmarkResults:
    """The results with their place in the fleet, so that a fleet can be rebuilt from such files alone."""
    known = {name: getattr(one, name) for name in ("repository_id", "repository_name", "scenario", "target", "model")}
    return one.results.model_copy(update={**known, "repository_metadata": one.repository_metadata})


def response_path(folder: str, test: TestResult) -> str:
    """Where the response of one test is kept, below the folder of its benchmark."""
    return f"{folder}/responses/{file_of(test.test_id, test.repeat)}.json"


def _benchmark(folder: str, one: RepositoryResult, save_responses: bool) -> Iterator[tuple[str, bytes]]:
    yield f"{folder}/results.json", as_json(own(one))
    yield f"{folder}/summary.csv", csv_files.summary(one)
    yield f"{folder}/tests.csv", csv_files.tests(one)
    if save_responses:
        for test in one.results.results:
            if test.response:
                yield response_path(folder, test), as_json(test.response)


def _csv(results: FleetBenchmarkResults, reports: bool) -> Iterator[tuple[str, bytes]]:
    yield "csv/fleet-summary.csv", csv_files.fleet_summary(results)
    yield "csv/repositories.csv", csv_files.repositories(results)
    yield "csv/providers.csv", csv_files.providers(results)
    yield "csv/categories.csv", csv_files.categories(results)
    yield "csv/warnings.csv", csv_files.warnings(results)
    if reports:
        yield "csv/executive-report.html", _page(results)
    yield "csv/deterministic.json", deterministic(results)


def _page(results: FleetBenchmarkResults) -> bytes:
    from benchfleet_results.fleets.html import page  # the template engine is slow to import

    return page(results).encode()
