"""The files that every workload leaves in its work dir."""

from pathlib import Path

from benchfleet_contract.results import Output

from runner_image.workloads.protocol import TIMED_OUT, WorkloadError

OUTPUT_JSON = "output.json"  # the common shape
OUTPUT_TXT = "output.txt"  # for people


def write_output(work_dir: Path, output: Output) -> None:
    (work_dir / OUTPUT_JSON).write_text(output.model_dump_json(indent=1) + "\n", encoding="utf-8")


def require_measurements(output: Output, *, last_words: str, exit_code: int) -> None:
    """Raises WorkloadError `benchmark_failed` if there is nothing to show: every reason that is known is told."""
    if output.measurements:
        return
    reasons = "; ".join(f"{lost.benchmark} ({lost.variant}): {lost.reason}" for lost in output.failures)
    raise WorkloadError(f"No benchmark gave a result (exit code {exit_code}). {reasons or last_words}".strip())


def require_time(exit_code: int, *, timeout_s: float | None) -> None:
    """Raises WorkloadError `timeout` if the command was ended because its `timeout_s` had passed."""
    if timeout_s is not None and exit_code == TIMED_OUT:
        raise WorkloadError(f"Took longer than {timeout_s:g} s", error_type="timeout")
