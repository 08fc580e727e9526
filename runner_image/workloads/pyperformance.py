"""pyperformance: the Python benchmark suite, from PyPI, in an environment that is made once and then kept."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from runner_image.workloads import pyperformance_results
from runner_image.workloads.commands import Said, demand, infrastructure
from runner_image.workloads.console import Console
from runner_image.workloads.files import OUTPUT_TXT, read_text, require_measurements, require_time, write_output
from runner_image.workloads.options import Options, parse
from runner_image.workloads.progress import COLLECT, START, SUITE, Meter
from runner_image.workloads.protocol import Execute, Job, Outcome, Prepared, Progress
from runner_image.workloads.pyperformance_console import Reader, read

RAW = "pyperf.json"
RUN_DIR = "pyperformance"  # below the work dir: where pyperformance looks for environments, and makes more if it must
SETUP = Path(__file__).with_name("pyperformance_setup.py")
# $1 the set-up's text, $2-$5 its arguments, then pythons: the first that the slot has is the one that is measured.
_WITH_FIRST_PYTHON = """setup=$1 cache=$2 version=$3 names=$4 folder=$5; shift 5
for python in "$@"; do
  if command -v "$python" >/dev/null; then exec "$python" -c "$setup" "$cache" "$version" "$names" "$folder"; fi
done
echo "there is no such python: $*"; exit 127"""
_EFFORT = {"single": ["--debug-single-value"], "fast": ["--fast"], "normal": [], "rigorous": ["--rigorous"]}


class PyperformanceOptions(Options):
    benchmarks: list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]] = Field(min_length=1)
    effort: Literal["single", "fast", "normal", "rigorous"] = "normal"
    version: Annotated[str, StringConstraints(pattern=r"^[0-9][0-9A-Za-z.]*$")] = "1.14.0"
    python: Annotated[str, StringConstraints(pattern=r"^[^-]")] | None = None
    cache_dir: Annotated[str, StringConstraints(pattern=r"^/")] | None = None
    benchmark_timeout_s: int | None = Field(default=None, ge=1)
    timeout_s: float | None = Field(default=None, gt=0)


class Pyperformance:
    name = "pyperformance"

    def prepare(self, job: Job, execute: Execute, report: Callable[[Progress], None]) -> Prepared:
        """Raises WorkloadError `suite_unavailable`, or `invalid_options` if pyperformance lacks a benchmark."""
        options = parse(PyperformanceOptions, job.options)
        Meter(report).at(SUITE, benchmark=self.name, message="preparing pyperformance")
        made = _set_up(job, options, execute)
        unknown = sorted(set(options.benchmarks) - set(made["known"]))
        if unknown:
            about = f"pyperformance {options.version} has no such benchmark for this python: {', '.join(unknown)}"
            raise infrastructure(about, error_type="invalid_options")
        return Prepared(_command(options, python=made["python"], out=job.work_dir / RAW), made["versions"])

    def run(self, job: Job, prepared: Prepared, execute: Execute, report: Callable[[Progress], None]) -> int:
        meter, reader = Meter(report), Reader()
        meter.at(START, benchmark=self.name, message="starting")

        def on_line(line: str) -> None:
            section = reader.feed(line)
            if section:
                meter.share(section.part, benchmark=section.benchmark)

        with Console(job.work_dir / OUTPUT_TXT, on_line=on_line) as console:
            code = execute(
                prepared.command,
                cwd=job.work_dir / RUN_DIR,
                environment={
                    **job.environment,
                    "PYTHONUNBUFFERED": "1",
                },  # of the driver; pyperf's workers never see it
                on_line=console.write,
                timeout_s=parse(PyperformanceOptions, job.options).timeout_s,
            )
        meter.at(COLLECT, benchmark=self.name, message="collecting")
        return code

    def collect(self, job: Job, prepared: Prepared, exit_code: int) -> Outcome:
        """Exit code 1 beside a result file means that some benchmarks failed: the others' results are kept."""
        options = parse(PyperformanceOptions, job.options)
        shutil.rmtree(job.work_dir / RUN_DIR, ignore_errors=True)
        said = read_text(job.work_dir / OUTPUT_TXT).splitlines()
        raw = job.work_dir / RAW
        if not raw.exists():
            require_time(exit_code, timeout_s=options.timeout_s)
        suite = pyperformance_results.load(raw) if raw.exists() else None
        output = pyperformance_results.output(suite, variant=_variant(prepared), sections=read(said))
        write_output(job.work_dir, output)
        require_measurements(output, last_words=Said(exit_code, said).last_words, exit_code=exit_code)
        return Outcome(output, exit_code)


def _set_up(job: Job, options: PyperformanceOptions, execute: Execute) -> dict[str, Any]:
    """What the set-up printed last; see `pyperformance_setup.py`."""
    pythons = [options.python] if options.python else [sys.executable, "python3", "python"]
    names = ",".join(sorted(set(options.benchmarks)))
    arguments = [options.cache_dir or "", options.version, names, str(job.work_dir / RUN_DIR)]
    command = ["sh", "-c", _WITH_FIRST_PYTHON, "set-up", SETUP.read_text(encoding="utf-8"), *arguments, *pythons]
    failed = f"Could not prepare pyperformance {options.version}"
    said = demand(execute, job, command, otherwise=failed, error_type="suite_unavailable")
    try:
        made: dict[str, Any] = json.loads(next(line for line in reversed(said.lines) if line.startswith("{")))
    except (StopIteration, ValueError) as error:
        raise infrastructure(f"{failed}: {said.last_words}", error_type="suite_unavailable") from error
    return made


def _command(options: PyperformanceOptions, *, python: str, out: Path) -> list[str]:
    timeout = [f"--timeout={options.benchmark_timeout_s}"] if options.benchmark_timeout_s else []
    names = ",".join(dict.fromkeys(options.benchmarks))
    return [python, "-m", "pyperformance", "run", "-b", names, *_EFFORT[options.effort], *timeout, "-o", str(out)]


def _variant(prepared: Prepared) -> str:
    """The python's name and series, such as `cpython-3.11`: what makes two results comparable."""
    series = ".".join(prepared.versions["python"].split(".")[:2])
    return f"{prepared.versions['implementation'].lower()}-{series}"
