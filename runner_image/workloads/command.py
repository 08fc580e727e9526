"""command: any argv, timed; or, if the command writes results of its own, those."""

import errno
import json
import time
from collections.abc import Callable
from pathlib import Path

from benchfleet_contract.bounds import MAX_OUTPUT_BYTES
from benchfleet_contract.output_reading import OutputError, read_output
from benchfleet_contract.results import BenchmarkFailure, Measurement, Output
from benchfleet_contract.workloads.command import CommandOptions

from runner_image.isolation.protocol import OfficialImage
from runner_image.workloads.console import Console, shorten
from runner_image.workloads.files import (
    OUTPUT_JSON,
    OUTPUT_TXT,
    read_end,
    read_plain,
    without_empty,
    write_output,
    write_plain,
)
from runner_image.workloads.options import parse
from runner_image.workloads.progress import COLLECT, START, Meter
from runner_image.workloads.protocol import TIMED_OUT, Job, Outcome, Prepared, Progress, Slot, WorkloadError
from runner_image.workloads.results_file import read_results

OUTPUT_VARIABLE = "BENCHFLEET_OUTPUT"  # where a command may write an `output.json` of its own
OWN = "(the command)"  # names a failure of the whole command beside results of its own
TIMES = "times.json"  # wall times of all repeats, in seconds
_LAST_BYTES = 64 * 1024  # of a log, for its last words


class Command:
    name = "command"
    credentials: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock

    def image(self, job: Job) -> OfficialImage | None:
        return None

    def prepare(self, job: Job, slot: Slot, report: Callable[[Progress], None]) -> Prepared:
        return Prepared(parse(CommandOptions, job.options).argv, {})

    def run(self, job: Job, prepared: Prepared, slot: Slot, report: Callable[[Progress], None]) -> int:
        """Repeats until one fails; each wall time includes the start of the process (and of nothing else)."""
        options, meter, times, code = parse(CommandOptions, job.options), Meter(report), list[float](), 0
        meter.at(START, benchmark=options.benchmark)
        total = options.warmup + options.repeats
        with Console(job.work_dir / OUTPUT_TXT) as console:
            while code == 0 and len(times) < total:
                started = self._clock()
                code = self._once(job, options, slot, console)
                times.append(self._clock() - started)
                meter.share(len(times) / total, benchmark=options.benchmark)
        write_plain(job.work_dir / TIMES, json.dumps(times).encode())
        meter.at(COLLECT, benchmark=options.benchmark)
        return code

    def _once(self, job: Job, options: CommandOptions, slot: Slot, console: Console) -> int:
        own = {OUTPUT_VARIABLE: str(job.work_dir / OUTPUT_JSON)}
        return slot.run(
            options.argv,
            cwd=job.work_dir,
            environment={**job.environment, **options.environment, **own},
            on_line=console.write,
            timeout_s=options.timeout_s,
        )

    def collect(self, job: Job, prepared: Prepared, exit_code: int) -> Outcome:
        """What was measured before a repeat failed is kept, beside that failure.

        Raises WorkloadError `benchmark_failed` or `timeout` if nothing was, or if the command's own results cannot be
        read.
        """
        options, own = parse(CommandOptions, job.options), job.work_dir / OUTPUT_JSON
        times = [float(each) for each in json.loads(read_plain(job.work_dir / TIMES))]
        failure = _failure(job, options, repeat=len(times), exit_code=exit_code) if exit_code else None
        if (results := options.results) is not None:
            output = _taken(lambda: read_results(job.work_dir, results), failure)
        else:
            output = _taken(lambda: _read(own), failure) if own.exists() else _timed(times, options, failure)
        write_output(job.work_dir, output)
        return Outcome(output, exit_code)


def _failure(job: Job, options: CommandOptions, *, repeat: int, exit_code: int) -> WorkloadError:
    """Why the last repeat gave no sample. `repeat` counts from 1, warm-up included."""
    where = _where(repeat, options)
    if options.timeout_s is not None and exit_code == TIMED_OUT:
        return WorkloadError(f"{where or 'The command'} took longer than {options.timeout_s:g} s", error_type="timeout")
    said = shorten(read_end(job.work_dir / OUTPUT_TXT, most=_LAST_BYTES).strip()) or "it said nothing"
    at = f" at {where[0].lower()}{where[1:]}" if where else ""
    return WorkloadError(f"The command failed{at} with exit code {exit_code}: {said}")


def _where(repeat: int, options: CommandOptions) -> str:
    """`Repeat 4 of 6`; empty where there is only one."""
    if repeat <= options.warmup:
        return f"Warm-up repeat {repeat} of {options.warmup}"
    return f"Repeat {repeat - options.warmup} of {options.repeats}" if options.warmup + options.repeats > 1 else ""


def _kept(output: Output, failure: WorkloadError | None, *, benchmark: str) -> Output:
    """The output with the failure beside its measurements. Raises the failure if there are none."""
    if failure is None:
        return output
    if not any(found.samples for found in output.measurements):
        raise failure
    lost = BenchmarkFailure(benchmark=benchmark, variant="default", reason=str(failure))
    return output.model_copy(update={"failures": [*output.failures, lost]})


def _taken(read: Callable[[], Output], failure: WorkloadError | None) -> Output:
    """The command's own results. Raises `failure`, if there is one, for results that are of no use."""
    try:
        output = read().model_copy(update={"workload": Command.name})
        return _kept(output, failure, benchmark=OWN)
    except WorkloadError as error:
        raise failure or error from error


def _read(path: Path) -> Output:
    try:
        output = without_empty(read_output(read_plain(path, most=MAX_OUTPUT_BYTES)))
    except OSError as error:
        why = error.strerror if error.errno == errno.EFBIG else f"it is not a regular file: {error}"
        raise WorkloadError(f"The command left an output.json that cannot be read: {why}") from error
    except OutputError as error:
        raise WorkloadError(f"The command wrote an output.json that cannot be read: {error}") from error
    if not output.measurements:
        why = "; ".join(f"{lost.benchmark} ({lost.variant}): {lost.reason}" for lost in output.failures)
        raise WorkloadError(f"The command wrote an output.json without measurements{why and ': ' + why}")
    return output


def _timed(times: list[float], options: CommandOptions, failure: WorkloadError | None) -> Output:
    """One sample a repeat; the time of one that failed is none."""
    good = times[:-1] if failure else times
    measurement = Measurement(
        benchmark=options.benchmark,
        variant="default",
        unit="s",
        better="lower",
        samples=good[options.warmup :],
        warmup=good[: options.warmup],
        shortest_raw_s=min(good[options.warmup :], default=None),
    )
    output = Output(workload=Command.name, measurements=[measurement])
    return _kept(output, failure, benchmark=options.benchmark)
