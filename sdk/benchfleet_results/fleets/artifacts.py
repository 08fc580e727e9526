"""Every file of a fleet run, as path and bytes; `fleet-results.json` last, because its existence says that all is there."""

from collections.abc import Iterator, Sequence

from benchfleet_contract.fleets.results import FleetBenchmarkResults

FLEET_RESULTS = "fleet-results.json"
FLEET_SUMMARY = "fleet-summary.csv"


def artifacts(
    results: FleetBenchmarkResults,
    *,
    formats: Sequence[str] = ("json", "csv", "html"),
    save_responses: bool = True,
) -> Iterator[tuple[str, bytes]]:
    """Paths are relative to the run's folder, with `/`. `fleet-results.json` is the last one."""
    raise NotImplementedError
