"""What a task's end looks like: the outcome in the contract's words, and `metadata.json`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from benchfleet_contract import limits
from benchfleet_contract.clocks import SET_BACK
from benchfleet_contract.results import Conditions, Machine, Metadata, Output, Provenance
from benchfleet_contract.states import FailureClass
from benchfleet_contract.tasks import AssignedTask, FailRequest

from runner_image.errors import TaskError
from runner_image.workloads.protocol import Outcome, Prepared

_SLEWED_S, _SLEWED_SHARE = 5.0, 0.001  # twice the 500 ppm at which kernels slew


@dataclass(frozen=True)
class Failure:
    """Why a task has no result. `detail` is for error.txt: the message, and more where there is more."""

    error_type: str
    message: str
    failure_class: FailureClass
    detail: str

    @classmethod
    def of(cls, error_type: str, message: str, *, benchmark: bool = False, detail: str | None = None) -> "Failure":
        blame = FailureClass.BENCHMARK if benchmark else FailureClass.INFRASTRUCTURE
        return cls(
            error_type=error_type[: limits.MAX_ERROR_TYPE_CHARS] or "unknown",
            message=message[: limits.MAX_ERROR_CHARS] or "No message",
            failure_class=blame,
            detail=detail or message,
        )

    @classmethod
    def of_error(cls, error: TaskError) -> "Failure":
        benchmark = error.failure_class == FailureClass.BENCHMARK
        return cls.of(error.error_type, str(error), benchmark=benchmark)

    def request(self, runner_id: str, *, attempt: int, error_key: str | None = None) -> FailRequest:
        return FailRequest(
            runner_id=runner_id,
            error_type=self.error_type,
            error_message=self.message,
            s3_error_key=error_key,
            attempt=attempt,
            failure_class=self.failure_class,
        )


UPLOAD_FAILED = Failure.of("upload_failed", "Failed to upload results")
RUNNER_STOPPED = Failure.of("runner_stopped", "The runner was told to stop before the task had ended")


def judge(outcome: Outcome) -> Failure | None:
    """No measurement at all is a failure of the task."""
    if outcome.output.measurements:
        return None
    message = shortfall(outcome) or "Benchmark execution failed"
    return Failure.of("benchmark_failed", message, benchmark=True)


def shortfall(outcome: Outcome) -> str | None:
    """What is missing from a result, in one line; None if nothing is."""
    failures = outcome.output.failures
    if failures:
        return _listed(outcome.output)[: limits.MAX_REASON_CHARS]
    return f"The workload ended with exit code {outcome.exit_code}" if outcome.exit_code else None


def with_more(reason: str | None, more: str) -> str | None:
    """Both, in the room that a reason has; what is missing from a result is cut first, since metadata.json has it all."""
    if not more:
        return reason
    room = limits.MAX_REASON_CHARS - len(more) - 2
    return f"{reason[: max(room, 0)]}; {more}"[: limits.MAX_REASON_CHARS] if reason else more[: limits.MAX_REASON_CHARS]


def _listed(output: Output) -> str:
    each = "; ".join(f"{one.benchmark} ({one.variant}): {one.reason}" for one in output.failures)
    lost = {(one.benchmark, one.variant) for one in output.failures}
    total = len(lost | {(one.benchmark, one.variant) for one in output.measurements})
    return f"{len(lost)} of {total} benchmarks failed: {each}"


@dataclass(frozen=True)
class TaskMetadata:
    """What is known about one execution of a task; fills metadata.json."""

    task: AssignedTask
    workload: str
    runner_id: str
    started_at: datetime
    began_s: float  # of the monotonic clock
    machine: Machine
    runner_versions: dict[str, str]

    def metadata(
        self,
        *,
        status: Literal["success", "partial", "error"],
        reason: str | None,
        prepared: Prepared | None,
        image: str | None = None,
        conditions: Conditions | None = None,
        ended_at: datetime,
        ended_s: float,
    ) -> bytes:
        """`ended_s` is of the clock of `began_s`; `image` is what the commands ran in, if not the runner's own."""
        task, lasted_s = self.task, max(0.0, ended_s - self.began_s)
        odd = SET_BACK if _set_back((ended_at - self.started_at).total_seconds(), lasted_s) else None
        filled = Metadata(
            task_id=task.id,
            provider=task.provider,
            instance_type=task.instance_type,
            ruby_version=task.ruby_version,
            run=task.run_number,
            start_time=_seconds(self.started_at),
            end_time=_seconds(ended_at),
            status=status,
            runner_id=self.runner_id,
            alias=task.instance_type_alias,
            subject=task.subject,
            part=task.part,
            run_id=task.run_id,
            attempt=task.attempt,
            workload=self.workload,
            workload_options=task.workload_options,
            reason=reason,
            provenance=self._provenance(prepared, image),
            duration_s=round(lasted_s, 3),
            clock=odd,
            conditions=conditions,
        )
        return filled.model_dump_json(indent=2).encode() + b"\n"

    def _provenance(self, prepared: Prepared | None, image: str | None) -> Provenance:
        return Provenance(
            machine=self.machine.model_copy(update={"container_image": image or self.machine.container_image}),
            versions={**self.runner_versions, **(prepared.versions if prepared else {})},
            suite_commit=prepared.suite_commit if prepared else None,
            command=list(prepared.command) if prepared else [],
            build=dict(prepared.build) if prepared and prepared.build else None,
        )


def _set_back(by_wall_s: float, lasted_s: float) -> bool:
    """Slewing makes a clock a little slow and is no jump. Sleep makes it run ahead of the monotonic clock."""
    return by_wall_s < 0 or by_wall_s < lasted_s - max(_SLEWED_S, lasted_s * _SLEWED_SHARE)


def _seconds(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
