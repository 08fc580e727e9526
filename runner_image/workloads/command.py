"""command: any argv, timed; or, if the command writes results of its own, those."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from benchfleet_contract.results import Measurement, Output
from pydantic import Field, StringConstraints, ValidationError

from runner_image.workloads.console import Console, shorten
from runner_image.workloads.files import (
    OUTPUT_JSON,
    OUTPUT_TXT,
    read_plain,
    read_text,
    require_numbers,
    require_time,
    write_output,
    write_plain,
)
from runner_image.workloads.options import Options, parse
from runner_image.workloads.progress import COLLECT, START, Meter
from runner_image.workloads.protocol import Execute, Job, Outcome, Prepared, Progress, WorkloadError

OUTPUT_VARIABLE = "BENCHFLEET_OUTPUT"  # where a command may write an `output.json` of its own
TIMES = "times.json"  # wall times of all repeats, in seconds

_Word = Annotated[str, StringConstraints(min_length=1)]


class CommandOptions(Options):
    """`timeout_s` is for each repeat. The first `warmup` repeats are kept apart."""

    argv: list[str] = Field(min_length=1)
    benchmark: _Word = "command"
    timeout_s: float | None = Field(default=None, gt=0)
    environment: dict[str, str] = Field(default={})
    repeats: int = Field(default=1, ge=1, le=10_000)
    warmup: int = Field(default=0, ge=0, le=1_000)


class Command:
    name = "command"

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock

    def prepare(self, job: Job, execute: Execute, report: Callable[[Progress], None]) -> Prepared:
        return Prepared(parse(CommandOptions, job.options).argv, {})

    def run(self, job: Job, prepared: Prepared, execute: Execute, report: Callable[[Progress], None]) -> int:
        """Repeats until one fails; each wall time includes the start of the process (and of nothing else)."""
        options, meter, times, code = parse(CommandOptions, job.options), Meter(report), list[float](), 0
        meter.at(START, benchmark=options.benchmark)
        total = options.warmup + options.repeats
        with Console(job.work_dir / OUTPUT_TXT) as console:
            while code == 0 and len(times) < total:
                started = self._clock()
                code = self._once(job, options, execute, console)
                times.append(self._clock() - started)
                meter.share(len(times) / total, benchmark=options.benchmark)
        write_plain(job.work_dir / TIMES, json.dumps(times).encode())
        meter.at(COLLECT, benchmark=options.benchmark)
        return code

    def _once(self, job: Job, options: CommandOptions, execute: Execute, console: Console) -> int:
        own = {OUTPUT_VARIABLE: str(job.work_dir / OUTPUT_JSON)}
        return execute(
            options.argv,
            cwd=job.work_dir,
            environment={**job.environment, **options.environment, **own},
            on_line=console.write,
            timeout_s=options.timeout_s,
        )

    def collect(self, job: Job, prepared: Prepared, exit_code: int) -> Outcome:
        """Raises WorkloadError `benchmark_failed` if the command failed or its own results cannot be read."""
        options = parse(CommandOptions, job.options)
        require_time(exit_code, timeout_s=options.timeout_s)
        if exit_code != 0:
            said = shorten(read_text(job.work_dir / OUTPUT_TXT).strip())
            raise WorkloadError(f"The command failed with exit code {exit_code}: {said or 'it said nothing'}")
        own = job.work_dir / OUTPUT_JSON
        output = _own(own) if own.exists() else _timed(job.work_dir, options)
        write_output(job.work_dir, output)
        return Outcome(output, exit_code)


def _own(path: Path) -> Output:
    try:
        output = Output.model_validate_json(read_plain(path))
    except OSError as error:
        raise WorkloadError(f"The command left an output.json that is no plain file: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise WorkloadError(f"The command wrote an output.json that cannot be read: {problems}") from error
    if not output.measurements:
        raise WorkloadError("The command wrote an output.json without measurements")
    require_numbers(output)
    return output.model_copy(update={"workload": Command.name})


def _timed(work_dir: Path, options: CommandOptions) -> Output:
    times = [float(each) for each in json.loads(read_plain(work_dir / TIMES))]
    measurement = Measurement(
        benchmark=options.benchmark,
        variant="default",
        unit="s",
        better="lower",
        samples=times[options.warmup :],
        warmup=times[: options.warmup],
    )
    return Output(workload=Command.name, measurements=[measurement])
