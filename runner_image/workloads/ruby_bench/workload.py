"""ruby-bench: Ruby's own benchmark suite, under the interpreter and its just-in-time compilers."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchfleet_contract.results import BenchmarkFailure
from benchfleet_contract.workloads.ruby_bench import RubyBenchOptions

from runner_image.isolation.protocol import OfficialImage
from runner_image.workloads.console import LAST_LINES, Console, footer, header, shorten
from runner_image.workloads.files import (
    OUTPUT_TXT,
    read_plain,
    read_text,
    require_measurements,
    require_time,
    write_output,
    write_plain,
)
from runner_image.workloads.options import parse
from runner_image.workloads.progress import COLLECT, START, SUITE, Meter
from runner_image.workloads.protocol import Job, Outcome, Prepared, Progress, Slot, WorkloadError
from runner_image.workloads.ruby_bench import results as ruby_bench_results
from runner_image.workloads.ruby_bench.console import Reader, read
from runner_image.workloads.ruby_bench.image import official
from runner_image.workloads.ruby_bench.options import command
from runner_image.workloads.ruby_bench.suite import SUITE_DIR, bring, build, rubies, state, suite_dir

CONSOLE = "benchmark_output.txt"
_ENVIRONMENT = {"WEB_CONCURRENCY": "1"}  # a server benchmark measures one process, not the number of cores
SUITE_ITSELF = "(ruby-bench)"  # names a failure that is no single benchmark's
_STEP = "ruby_bench"  # what is running while no benchmark is


class RubyBench:
    name = "ruby-bench"
    credentials: tuple[str, ...] = ()
    scratch: tuple[str, ...] = (SUITE_DIR,)

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now

    def image(self, job: Job) -> OfficialImage | None:
        return official(parse(RubyBenchOptions, job.options), job.ruby_version)

    def prepare(self, job: Job, slot: Slot, report: Callable[[Progress], None]) -> Prepared:
        options = parse(RubyBenchOptions, job.options)
        Meter(report).at(SUITE, benchmark=_STEP, message="bringing ruby-bench")
        versions = rubies(job, options, slot)  # first: a clone is dearer than a question
        commit = bring(job, options, slot)
        versions["ruby-bench"] = state(job, options, slot, commit=commit)
        return Prepared(command(options, out_path=job.work_dir), versions, commit, build=build(job, options, slot))

    def run(self, job: Job, prepared: Prepared, slot: Slot, report: Callable[[Progress], None]) -> int:
        options = parse(RubyBenchOptions, job.options)
        meter, reader = Meter(report), Reader()
        meter.at(START, benchmark=_STEP, message="starting")

        def on_line(line: str) -> None:
            section = reader.feed(line)
            if section:
                meter.share((section.variant + section.part) / len(options.variants), benchmark=section.benchmark)

        with Console(job.work_dir / CONSOLE, on_line=on_line) as console:
            console.note(header(prepared.command, version=_first_version(prepared, options), now=self._now()))
            code = slot.run(
                prepared.command,
                cwd=suite_dir(job, options),
                environment={**job.environment, **_ENVIRONMENT},
                on_line=console.write,
                timeout_s=options.timeout_s,
            )
            console.note(footer(code))
        meter.at(COLLECT, benchmark=_STEP, message="collecting")
        return code

    def collect(self, job: Job, prepared: Prepared, exit_code: int) -> Outcome:
        """Exit code 1 beside a result file means that some benchmarks failed: the others' results are kept."""
        options = parse(RubyBenchOptions, job.options)
        shutil.rmtree(job.work_dir / SUITE_DIR, ignore_errors=True)  # its commit is known; it need not be uploaded
        console = read(read_text(job.work_dir / CONSOLE).splitlines())
        raw = _raw_file(job.work_dir)
        if raw is None:
            require_time(exit_code, timeout_s=options.timeout_s, cost=_cost(console, options))
            raise WorkloadError(f"ruby-bench wrote no result (exit code {exit_code}): {_last_words(console)}")
        _copy_tables(raw)
        output = ruby_bench_results.output(
            ruby_bench_results.load(raw), variants=options.variants, console=console, memory=options.memory
        )
        if exit_code != 0 and not output.failures:
            output.failures.append(_suite_failed(job, options, exit_code))
        write_output(job.work_dir, output)
        require_measurements(output, last_words="No benchmark fits the options.", exit_code=exit_code)
        return Outcome(output, exit_code)


def _suite_failed(job: Job, options: RubyBenchOptions, exit_code: int) -> BenchmarkFailure:
    """Its benchmarks have results and none is known to have failed, but an end like this is not a whole run."""
    said = [line.strip() for line in read_text(job.work_dir / CONSOLE).splitlines() if line.strip()]
    words = shorten(" | ".join(said[:-1][-LAST_LINES:]))  # the last line is our footer
    reason = f"ruby-bench ended with exit code {exit_code}: {words}"
    return BenchmarkFailure(benchmark=SUITE_ITSELF, variant=options.variants[0], reason=reason)


def _cost(console: Reader, options: RubyBenchOptions) -> str:
    """What a timeout throws away: ruby-bench writes its results once, at its end."""
    if len(console.sections) < 2:
        return ""
    *ended, last = console.sections
    at = f"{last.benchmark!r} ({options.variants[min(last.variant, len(options.variants) - 1)]})"
    return (
        f". ruby-bench writes its results at its end, so what ended before {at} is lost: {len(ended)} of its benchmarks"
    )


def _last_words(console: Reader) -> str:
    return console.sections[-1].last_words if console.sections else "it started no benchmark"


def _first_version(prepared: Prepared, options: RubyBenchOptions) -> str:
    return prepared.versions[f"ruby-{options.variants[0]}"]


def _raw_file(work_dir: Path) -> Path | None:
    """The first `output_NNN.json`; it stays under its name, since `output.json` is the common shape."""
    return min(work_dir.glob("output_*.json"), default=None)


def _copy_tables(raw: Path) -> None:
    """ruby-bench's tables under names that do not change from run to run; its console where it wrote none."""
    for suffix in (".txt", ".csv"):
        if raw.with_suffix(suffix).is_file():
            write_plain(raw.with_name(f"output{suffix}"), read_plain(raw.with_suffix(suffix)))
    if not raw.with_name(OUTPUT_TXT).exists():
        write_plain(raw.with_name(OUTPUT_TXT), read_plain(raw.with_name(CONSOLE)))
