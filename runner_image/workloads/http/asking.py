"""Which workloads are asked of a server: those of the contract, or a folder's own fixtures."""

from pathlib import Path

from benchfleet_contract.workloads.http import HttpOptions

from runner_image.workloads.http.contract.fixtures import Fixtures, load
from runner_image.workloads.http.contract.workload import HttpWorkload
from runner_image.workloads.http.contract.workloads import UnknownSuite, workloads
from runner_image.workloads.protocol import WorkloadError

WHOLE = frozenset({"all", "quick"})  # names of suites that leave no fixture out


def asked_of(options: HttpOptions) -> tuple[HttpWorkload, ...]:
    """Raises WorkloadError for a suite or workload that there is not, and for fixtures of which none can be used."""
    asked = options.effective()
    if asked.fixtures:
        return _chosen(load(Path(asked.fixtures)), asked.fixtures, asked.suites)
    try:
        return workloads(",".join(asked.workloads or asked.suites))
    except UnknownSuite as error:
        raise _wrong(f"Option suites: {error}") from error


def left_out(options: HttpOptions) -> list[str]:
    """Fixtures that could not be used, and why."""
    problems = load(Path(options.fixtures)).problems if options.fixtures else ()
    return [f"a fixture was left out: {problem}" for problem in problems]


def _chosen(found: Fixtures, place: str, suites: list[str]) -> tuple[HttpWorkload, ...]:
    if not found.workloads:
        told = "; ".join(found.problems[:3]) or "there is no file *.json"
        raise _wrong(f"Option fixtures: none of {place} can be used: {told}")
    if WHOLE & set(suites):
        return found.workloads
    known = {one.suite for one in found.workloads}
    odd = [name for name in suites if name not in known]
    if odd:
        raise _wrong(f"Option suites: no fixture has the category {odd[0]!r}: take some of {', '.join(sorted(known))}")
    return tuple(one for one in found.workloads if one.suite in suites)


def _wrong(message: str) -> WorkloadError:
    return WorkloadError(message, error_type="invalid_options", failure_class="infrastructure")
