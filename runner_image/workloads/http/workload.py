"""http: a web framework's server, built, started, loaded, watched and stopped."""

from collections.abc import Callable

from benchfleet_contract.http_results import HTTP_JSON, HttpResult
from benchfleet_contract.workloads.http import HttpOptions

from runner_image.isolation.protocol import OfficialImage, Slot
from runner_image.workloads.files import OUTPUT_TXT, read_plain, write_output, write_plain
from runner_image.workloads.http.asking import asked_of
from runner_image.workloads.http.life.failures import OURS
from runner_image.workloads.http.outputs import output_of
from runner_image.workloads.http.start import Start
from runner_image.workloads.options import parse
from runner_image.workloads.progress import Meter
from runner_image.workloads.protocol import Job, Outcome, Prepared, Progress, WorkloadError

NOT_THEIRS = OURS | {"load_tool_failed", "app_not_fetched", "app_unavailable"}


class Http:
    """Each task starts the server once; repeats of a task are repeats of the start."""

    name = "http"
    credentials: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ("app", "app.archive", "load")

    def image(self, job: Job) -> OfficialImage | None:
        return None

    def prepare(self, job: Job, slot: Slot, report: Callable[[Progress], None]) -> Prepared:
        options = parse(HttpOptions, job.options)
        asked_of(options)
        _refuse_containers(slot)
        return Prepared(["benchfleet", "http", "run", *([options.framework] if options.framework else [])], {})

    def run(self, job: Job, prepared: Prepared, slot: Slot, report: Callable[[Progress], None]) -> int:
        """0, or 1 where there was no server to measure."""
        meter = Meter(report)
        start = Start(
            slot,
            parse(HttpOptions, job.options),
            job.work_dir,
            subject=job.subject,
            repeat=job.repeat,
            on_step=lambda what, share: meter.share(share, benchmark=what),
        )
        result = start.measured()
        write_plain(job.work_dir / HTTP_JSON, result.model_dump_json(indent=1).encode() + b"\n")
        return 1 if result.failure else 0

    def collect(self, job: Job, prepared: Prepared, exit_code: int) -> Outcome:
        """Raises WorkloadError of the class of the failure where there was no server."""
        result = HttpResult.model_validate_json(read_plain(job.work_dir / HTTP_JSON))
        write_plain(job.work_dir / OUTPUT_TXT, "".join(f"{line}\n" for line in _lines(result)).encode())
        if result.failure:
            raise _error(result)
        output = output_of(result)
        write_output(job.work_dir, output)
        return Outcome(output, exit_code, note="; ".join(result.validity.reasons))


def _refuse_containers(slot: Slot) -> None:
    """Apps, load tools and the watch over the server are of this machine."""
    if slot.image is not None:
        raise WorkloadError(
            f"http runs in processes only, and this task has the container {slot.image}: start the runner with "
            "--isolation process, and leave the image of the subject out",
            error_type="unsupported_isolation",
            failure_class="infrastructure",
        )


def _error(result: HttpResult) -> WorkloadError:
    failure = result.failure
    assert failure is not None  # the caller has looked
    tails = "".join(f"\n{name}: {text}" for name, text in failure.tails.items() if text)
    words = f"{failure.message}{f': {failure.remedy}' if failure.remedy else ''}{tails}"
    failure_class = "infrastructure" if failure.kind in NOT_THEIRS else "benchmark"
    return WorkloadError(words, error_type=failure.kind, failure_class=failure_class)


def _lines(result: HttpResult) -> list[str]:
    if result.failure:
        return [f"{result.framework}: {result.failure.kind}: {result.failure.message}"]
    head = f"{result.framework}: ready after {result.startup_s or 0:.2f} s"
    return [head, *(f"{one.name:<28} {_told(one.best_rps, one.status, one.reasons)}" for one in result.workloads)]


def _told(rps: float | None, status: str, reasons: list[str]) -> str:
    return f"{rps:.0f} req/s" if rps is not None else f"{status}: {'; '.join(reasons)}"
