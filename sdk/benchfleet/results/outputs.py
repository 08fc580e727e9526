"""What one task measured, from its folder: `output.json` as ours, or as ruby-bench wrote it.

The reference system's archives hold ruby-bench's own file, as `output.json` or only as `output_NNN.json`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from benchfleet_results.formats import ruby_bench
from benchfleet_results.formats.registry import read
from benchfleet_results.formats.source import FormatError, Source
from benchfleet_results.reading import ResultError, of_output, read_result
from benchfleet_results.series import Failure, Samples

from benchfleet.results import bounds
from benchfleet.results.files import Unreadable, read_bytes

OUTPUT, ERROR = "output.json", "error.txt"
_NUMBERED = re.compile(r"output_(\d{3,9})\.json")


class TaskOutput(NamedTuple):
    """`notes` are for people; `versions` is what the file itself says of interpreters, which ours leaves to metadata."""

    samples: tuple[Samples, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = {}


def output_of(folder: Path) -> Path | None:
    """`output.json`, else the `output_NNN.json` of the highest number; None if there is neither.

    Beside an error.txt the latter is what a task that failed had got so far, and no result.
    """
    if (folder / OUTPUT).exists() or (folder / OUTPUT).is_symlink():
        return folder / OUTPUT
    if (folder / ERROR).exists():
        return None
    try:
        numbered = {int(match[1]): path for path in folder.iterdir() if (match := _NUMBERED.fullmatch(path.name))}
    except OSError:
        return None
    return numbered[max(numbered)] if numbered else None


def read_output(folder: Path) -> TaskOutput | None:
    """None if the folder has no such file. Raises Unreadable if it is neither ours nor ruby-bench's, or too large."""
    path = output_of(folder)
    raw = read_bytes(path, most=bounds.MAX_OUTPUT_BYTES) if path else None
    if path is None or raw is None:
        return None
    try:
        found = _ruby_bench(raw) or TaskOutput(*read_result(raw))
    except (ResultError, FormatError) as error:
        raise Unreadable(f"{path.name} {bounds.cut(error)}") from error
    failures = tuple(one._replace(reason=bounds.cut(one.reason, bounds.MAX_REASON_CHARS)) for one in found.failures)
    return found._replace(failures=failures)


def _ruby_bench(raw: bytes) -> TaskOutput | None:
    """None if it is not ruby-bench's. A large result of ours is not parsed twice to see that."""
    if b'"raw_data"' not in raw:
        return None
    source = Source(OUTPUT, raw)
    if not ruby_bench.READER.looks_like(source):
        return None
    _, found = read(source, ruby_bench.READER.name)
    samples, failures = of_output(found.output())
    return TaskOutput(samples, failures, tuple(found.notes), found.about.versions)
