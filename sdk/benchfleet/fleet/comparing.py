"""`fleet compare`: two runs, target by target, on the tests that both have."""

from pathlib import Path

from benchfleet_contract.fleets.results import FleetBenchmarkResults, Paired
from benchfleet_results.fleets.breakdowns import target_of
from benchfleet_results.fleets.pairs import MEASURES, adjusted, compared, means

from benchfleet.fleet.aggregating import read_folder
from benchfleet.fleet.errors import FolderError
from benchfleet.fleet.folder import RESULTS


def read_results(path: Path) -> FleetBenchmarkResults:
    """A `fleet-results.json`, or a folder with one, or with benchmarks. Raises FolderError."""
    file = path / RESULTS if path.is_dir() else path
    if path.is_dir() and not file.exists():
        return read_folder(path)
    try:
        return FleetBenchmarkResults.model_validate_json(file.read_bytes())
    except OSError as error:
        raise FolderError(f"{file}: {error.strerror}; give a run's folder or its {RESULTS}") from None
    except ValueError:
        raise FolderError(f"{file}: not the results of a fleet; rebuild them with fleet aggregate") from None


def compare(new: FleetBenchmarkResults, old: FleetBenchmarkResults) -> list[Paired]:
    """`new` less `old` of each target, on every measure that both have. `first` and `second` are `target` and `target (old)`.

    Where each run has one target only, those two are compared whatever they are called.
    """
    return [one for measure in MEASURES for one in adjusted(_measure(new, old, measure))]


def _measure(new: FleetBenchmarkResults, old: FleetBenchmarkResults, measure: str) -> list[Paired]:
    found = []
    for first, second in _targets(new, old):
        these = means([one for one in new.repository_results if target_of(one) == first], MEASURES[measure])
        others = means([one for one in old.repository_results if target_of(one) == second], MEASURES[measure])
        found.append(compared(first, f"{second} (old)", measure, these, others))
    return [one for one in found if one]


def _targets(new: FleetBenchmarkResults, old: FleetBenchmarkResults) -> list[tuple[str, str]]:
    first = list(dict.fromkeys(map(target_of, new.repository_results)))
    second = list(dict.fromkeys(map(target_of, old.repository_results)))
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    return [(name, name) for name in first if name in second]
