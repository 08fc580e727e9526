"""pyperformance: the Python benchmark suite, from PyPI, in an environment that is made once and then kept."""

import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchfleet_contract.workloads.pyperformance import PyperformanceOptions

from runner_image import core_lists
from runner_image.isolation.protocol import OfficialImage
from runner_image.workloads.commands import demand, infrastructure
from runner_image.workloads.console import Console
from runner_image.workloads.files import OUTPUT_TXT, require_measurements, require_time, write_output, write_plain
from runner_image.workloads.options import parse
from runner_image.workloads.progress import COLLECT, START, SUITE, Meter
from runner_image.workloads.protocol import Job, Outcome, Prepared, Progress, Slot
from runner_image.workloads.pyperformance.runs import Run, exit_code, gather, one_by_one

RAW = "pyperf.json"
RUN_DIR = "pyperformance"  # below the work dir: where pyperformance looks for environments, and makes more if it must
SETUP = Path(__file__).with_name("setup.py")
# $1 the set-up's text, $2-$5 its arguments, then pythons: the first that the slot has is the one that is measured.
_WITH_FIRST_PYTHON = """setup=$1 cache=$2 version=$3 names=$4 folder=$5; shift 5
for python in "$@"; do
  if command -v "$python" >/dev/null; then exec "$python" -c "$setup" "$cache" "$version" "$names" "$folder"; fi
done
echo "there is no such python: $*"; exit 127"""
_EFFORT = {"single": ["--debug-single-value"], "fast": ["--fast"], "normal": [], "rigorous": ["--rigorous"]}


class Pyperformance:
    name = "pyperformance"
    credentials: tuple[str, ...] = ()
    scratch: tuple[str, ...] = (RUN_DIR,)

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._runs: list[Run] = []

    def image(self, job: Job) -> OfficialImage | None:
        return None

    def prepare(self, job: Job, slot: Slot, report: Callable[[Progress], None]) -> Prepared:
        """Raises WorkloadError `suite_unavailable`, or `invalid_options` if pyperformance lacks a benchmark."""
        options = parse(PyperformanceOptions, job.options)
        Meter(report).at(SUITE, benchmark=self.name, message="preparing pyperformance")
        made = _set_up(job, options, slot)
        unknown = sorted(set(options.benchmarks) - set(made["known"]))
        if unknown:
            about = f"pyperformance {options.version} has no such benchmark for this python: {', '.join(unknown)}"
            raise infrastructure(about, error_type="invalid_options")
        whole = _command(options, _names(options), python=made["python"], out=job.work_dir / RAW, cores=slot.cores)
        return Prepared(
            whole, made["versions"], build=made["build"]
        )  # told as one command; `run` runs it benchmark by benchmark

    def run(self, job: Job, prepared: Prepared, slot: Slot, report: Callable[[Progress], None]) -> int:
        """Each benchmark by itself: a timeout or a crash costs no other one's result."""
        options, meter = parse(PyperformanceOptions, job.options), Meter(report)
        names, python = _names(options), prepared.command[0]
        meter.at(START, benchmark=self.name, message="starting")
        with Console(job.work_dir / OUTPUT_TXT) as console:

            def start(benchmark: str, out: Path, *, on_line: Callable[[str], None], timeout_s: float | None) -> int:
                number = names.index(benchmark)
                meter.share(number / len(names), benchmark=benchmark)
                console.begin(f"Benchmark {number + 1} of {len(names)}: {benchmark}", on_line=on_line)
                return slot.run(
                    _command(options, [benchmark], python=python, out=out, cores=slot.cores),
                    cwd=job.work_dir / RUN_DIR,
                    # PYTHONUNBUFFERED is for the driver; pyperf's workers never see it
                    environment={**job.environment, "PYTHONUNBUFFERED": "1"},
                    on_line=console.write,
                    timeout_s=timeout_s,
                )

            # Not in RUN_DIR, which a container could replace by a link to a folder of the host.
            runs = one_by_one(names, folder=job.work_dir, start=start, timeout_s=options.timeout_s, clock=self._clock)
            self._runs = list(runs)
        meter.at(COLLECT, benchmark=self.name, message="collecting")
        return exit_code(self._runs)

    def collect(self, job: Job, prepared: Prepared, exit_code: int) -> Outcome:
        """What has ended is kept; each of the others is a failure that says whether it began."""
        output, raw = gather(self._runs, variant=_variant(prepared))
        for run in self._runs:
            with suppress(OSError):  # none there, or no file
                run.out.unlink()
        if raw:
            write_plain(job.work_dir / RAW, raw.model_dump_json().encode())
        shutil.rmtree(job.work_dir / RUN_DIR, ignore_errors=True)
        write_output(job.work_dir, output)
        if not output.measurements:
            require_time(exit_code, timeout_s=parse(PyperformanceOptions, job.options).timeout_s)
        require_measurements(output, last_words="", exit_code=exit_code)
        return Outcome(output, exit_code)


def _set_up(job: Job, options: PyperformanceOptions, slot: Slot) -> dict[str, Any]:
    """What the set-up printed last; see `setup.py`."""
    pythons = [options.python] if options.python else [sys.executable, "python3", "python"]
    names = ",".join(sorted(set(options.benchmarks)))
    arguments = [options.cache_dir or "", options.version, names, str(job.work_dir / RUN_DIR)]
    command = ["sh", "-c", _WITH_FIRST_PYTHON, "set-up", SETUP.read_text(encoding="utf-8"), *arguments, *pythons]
    failed = f"Could not prepare pyperformance {options.version}"
    said = demand(slot, job, command, otherwise=failed, error_type="suite_unavailable")
    try:
        made: dict[str, Any] = json.loads(next(line for line in reversed(said.lines) if line.startswith("{")))
    except (StopIteration, ValueError) as error:
        raise infrastructure(f"{failed}: {said.last_words}", error_type="suite_unavailable") from error
    return made


def _names(options: PyperformanceOptions) -> list[str]:
    return list(dict.fromkeys(options.benchmarks))


def _command(
    options: PyperformanceOptions, names: list[str], *, python: str, out: Path, cores: Sequence[int]
) -> list[str]:
    """Unless it is told otherwise, pyperf moves its workers to the kernel's isolated cores: every slot's to the same."""
    affinity = [f"--affinity={core_lists.write(cores)}"] if cores else []
    timeout = [f"--timeout={options.benchmark_timeout_s}"] if options.benchmark_timeout_s else []
    chosen = ["-b", ",".join(names)]
    return [
        python,
        "-m",
        "pyperformance",
        "run",
        *chosen,
        *_EFFORT[options.effort],
        *affinity,
        *timeout,
        "-o",
        str(out),
    ]


def _variant(prepared: Prepared) -> str:
    """The python's name and series, such as `cpython-3.11`: what makes two results comparable."""
    series = ".".join(prepared.versions["python"].split(".")[:2])
    return f"{prepared.versions['implementation'].lower()}-{series}"
