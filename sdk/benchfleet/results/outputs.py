"""`output.json` of one task, from its file."""

from pathlib import Path

from benchfleet_results.reading import ResultError, TaskResult, read_result

from benchfleet.results import bounds
from benchfleet.results.files import Unreadable, read_bytes


def read_output(path: Path) -> TaskResult | None:
    """None if there is no such file. Raises Unreadable if it is none of ours, or too large."""
    raw = read_bytes(path, most=bounds.MAX_OUTPUT_BYTES)
    if raw is None:
        return None
    try:
        found = read_result(raw)
    except ResultError as error:
        raise Unreadable(f"{path.name} {bounds.cut(error)}") from error
    failures = (one._replace(reason=bounds.cut(one.reason, bounds.MAX_REASON_CHARS)) for one in found.failures)
    return TaskResult(found.samples, tuple(failures))
