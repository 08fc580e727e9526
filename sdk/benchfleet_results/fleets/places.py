"""Where the files of a benchmark stand within a fleet's folder."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence

from benchfleet_contract.fleets.results import RepositoryResult

from benchfleet_results.fleets.breakdowns import target_of

FLEET_RESULTS = "fleet-results.json"
FLEET_SUMMARY = "fleet-summary.csv"
REPORT = "report.html"  # where the format html is asked for
_ODD = re.compile(r"[^A-Za-z0-9._-]")


def folders(benchmarks: Sequence[RepositoryResult]) -> list[str]:
    """`repository/target` of each, and `/scenario` below it where the repository has several."""
    scenarios: dict[str, set[str | None]] = defaultdict(set)
    for one in benchmarks:
        scenarios[one.repository_id].add(one.scenario)
    return [
        "/".join(
            part(name)
            for name in (
                one.repository_id,
                target_of(one),
                *([one.scenario or "default"] if len(scenarios[one.repository_id]) > 1 else []),
            )
        )
        for one in benchmarks
    ]


def file_of(name: str, repeat: int | None = None) -> str:
    """A file's name without its suffix, one for each test and repeat: where a character had to go, a digest tells names apart.

    `~` before the number of a repeat is in no name that is left as it is.
    """
    safe = part(name)
    plain = safe if safe == name else f"{safe[:100]}-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"
    return plain if repeat is None else f"{plain}~{repeat}"


def part(name: str) -> str:
    """One level of a path: whatever could lead elsewhere becomes `_`, and it never begins with a dot."""
    safe = _ODD.sub("_", name)[:128] or "_"
    return f"_{safe[1:]}" if safe.startswith(".") else safe
