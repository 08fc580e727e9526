"""mock: numbers out of a hash, and a real child process that takes its time. For trying the system, not a machine."""

import hashlib
import re
from collections.abc import Callable

from benchfleet_contract.results import BenchmarkFailure, Measurement, Output
from benchfleet_contract.workloads.mock import MockOptions

from runner_image.isolation.protocol import OfficialImage
from runner_image.workloads.console import Console
from runner_image.workloads.files import OUTPUT_TXT, require_measurements, write_output
from runner_image.workloads.options import parse
from runner_image.workloads.progress import COLLECT, START, Meter
from runner_image.workloads.protocol import Job, Outcome, Prepared, Progress, Slot, WorkloadError

# $1 steps, $2 seconds a step, $3 the step that fails. Plain sh: it is in every image.
_SCRIPT = """i=0
while [ "$i" -lt "$1" ]; do
  i=$((i + 1))
  echo "step $i/$1"
  if [ "$i" -eq "$3" ]; then echo "step $i fails, as it was told to"; exit 1; fi
  if [ "$2" != 0 ]; then sleep "$2"; fi
done"""
_STEP = re.compile(r"^step (\d+)/(\d+)$")
_SAMPLES, _WARMUPS = 10, 2


class Mock:
    name = "mock"
    credentials: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()

    def image(self, job: Job) -> OfficialImage | None:
        return None

    def prepare(self, job: Job, slot: Slot, report: Callable[[Progress], None]) -> Prepared:
        options = parse(MockOptions, job.options)
        words = [str(options.steps), f"{options.step_s:.6f}".rstrip("0").rstrip("."), str(options.fail_at or 0)]
        return Prepared(["sh", "-c", _SCRIPT, "mock", *words], {"mock": "1"})

    def run(self, job: Job, prepared: Prepared, slot: Slot, report: Callable[[Progress], None]) -> int:
        meter = Meter(report)
        meter.at(START)

        def on_line(line: str) -> None:
            found = _STEP.match(line)
            if found:
                meter.share(int(found[1]) / int(found[2]), benchmark=f"mock-{found[1]}")

        with Console(job.work_dir / OUTPUT_TXT, on_line=on_line) as console:
            code = slot.run(prepared.command, cwd=job.work_dir, environment=job.environment, on_line=console.write)
        meter.at(COLLECT)
        return code

    def collect(self, job: Job, prepared: Prepared, exit_code: int) -> Outcome:
        if exit_code != 0:
            raise WorkloadError(f"The mock failed with exit code {exit_code}")
        output = _output(parse(MockOptions, job.options), task_id=job.task_id)
        write_output(job.work_dir, output)
        require_measurements(output, last_words="", exit_code=exit_code)
        return Outcome(output, exit_code)


def _output(options: MockOptions, *, task_id: str) -> Output:
    lost = {step for step in range(1, options.steps + 1) if options.fail_every and step % options.fail_every == 0}
    return Output(
        workload="mock",
        measurements=[
            _measurement(f"mock-{step}", key=f"{task_id}/{options.seed}/{step}")
            for step in range(1, options.steps + 1)
            if step not in lost
        ],
        failures=[
            BenchmarkFailure(benchmark=f"mock-{step}", variant="default", reason="it was told to fail")
            for step in sorted(lost)
        ],
    )


def _measurement(benchmark: str, *, key: str) -> Measurement:
    """The same key gives the same samples, everywhere and always: about 0.1 s, within 10 %."""
    samples = [0.09 + 0.02 * _fraction(f"{key}/{number}") for number in range(_WARMUPS + _SAMPLES)]
    return Measurement(
        benchmark=benchmark,
        variant="default",
        unit="s",
        better="lower",
        samples=samples[_WARMUPS:],
        warmup=samples[:_WARMUPS],
    )


def _fraction(key: str) -> float:
    """0 to 1, spread evenly over keys."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6]) / 2**48
