"""The files that every workload leaves in its work dir.

What ran there may have put links in place of files: none is followed, neither to read nor to write, because with
isolation `docker` the work dir belongs to the container and a link to the host.
"""

import errno
import os
from pathlib import Path

from benchfleet_contract import bounds
from benchfleet_contract.results import BenchmarkFailure, Output

from runner_image.workloads.protocol import TIMED_OUT, WorkloadError

OUTPUT_JSON = "output.json"  # the common shape
OUTPUT_TXT = "output.txt"  # for people


def read_plain(path: Path, *, most: int | None = None) -> bytes:
    """The content of a plain file. Raises OSError for a link or anything else, and for more than `most` bytes."""
    with open(path, "rb", opener=_no_follow) as file:
        size = os.fstat(file.fileno()).st_size
        if most is not None and size > most:  # a hole of terabytes is made at once
            raise OSError(errno.EFBIG, f"{path.name} has {size} bytes, at most {most} are read")
        return file.read()


def read_end(path: Path, *, most: int) -> str:
    """The last `most` bytes, as text."""
    with open(path, "rb", opener=_no_follow) as file:
        file.seek(max(os.fstat(file.fileno()).st_size - most, 0))
        return file.read(most).decode(errors="replace")


def read_text(path: Path) -> str:
    return read_plain(path).decode(errors="replace")


def write_plain(path: Path, content: bytes) -> None:
    """Makes the file anew, whatever stood there."""
    path.unlink(missing_ok=True)
    with open(path, "xb", opener=_no_follow) as file:
        file.write(content)


def _no_follow(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)


def write_output(work_dir: Path, output: Output) -> None:
    """As it is: what is beyond the bounds of its readers is fitted afterwards, and judged by `require_bounded` then."""
    raw = output.model_dump_json(indent=1).encode() + b"\n"
    if bounds.beyond(raw):
        raw = output.model_dump_json().encode() + b"\n"
    write_plain(work_dir / OUTPUT_JSON, raw)


def require_bounded(output: Output) -> None:
    """Raises WorkloadError `benchmark_failed` for one that no reader would take."""
    if why := bounds.beyond(output.model_dump_json().encode()):
        raise WorkloadError(f"The results are too large for an output.json: {why}; measure less in one task")


def require_measurements(output: Output, *, last_words: str, exit_code: int) -> None:
    """Raises WorkloadError `benchmark_failed` if there is nothing to show: every reason that is known is told."""
    if output.measurements:
        return
    reasons = "; ".join(f"{lost.benchmark} ({lost.variant}): {lost.reason}" for lost in output.failures)
    raise WorkloadError(f"No benchmark gave a result (exit code {exit_code}). {reasons or last_words}".strip())


def without_empty(output: Output) -> Output:
    """A measurement without samples is a failure of that benchmark, and of no other."""
    empty = [
        BenchmarkFailure(benchmark=found.benchmark, variant=found.variant, reason="has no samples")
        for found in output.measurements
        if not found.samples
    ]
    kept = [found for found in output.measurements if found.samples]
    return output.model_copy(update={"measurements": kept, "failures": [*output.failures, *empty]})


def require_time(exit_code: int, *, timeout_s: float | None, cost: str = "") -> None:
    """Raises WorkloadError `timeout` if the command was ended because its `timeout_s` had passed; `cost` is told, too."""
    if timeout_s is not None and exit_code == TIMED_OUT:
        raise WorkloadError(f"Took longer than {timeout_s:g} s{cost}", error_type="timeout")
