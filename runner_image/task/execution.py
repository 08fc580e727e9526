"""The measuring part of a task: prepare, run, collect, in the slot's isolation, telling the control plane where it is."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchfleet_contract.results import Conditions
from benchfleet_contract.run_options import ruby_version_of
from benchfleet_contract.states import HeartbeatStatus
from benchfleet_contract.tasks import AssignedTask
from benchfleet_contract.workloads.known import LLM

from runner_image.control.heartbeats import Heartbeats
from runner_image.delivery.options import fetched
from runner_image.delivery.thinning import fitted
from runner_image.errors import TaskError
from runner_image.isolation.environment import granted
from runner_image.isolation.protocol import Slot
from runner_image.logs import Log
from runner_image.machine.conditions import Reading, conditions, reading
from runner_image.machine.provenance import affinity
from runner_image.retries import Policy, Retrier
from runner_image.stopping import Stop, Stopped, StopReason
from runner_image.task.bound_cores import elsewhere
from runner_image.task.faults import blamed, taken_apart, words_of
from runner_image.task.metadata import RUNNER_STOPPED, Failure, judge
from runner_image.task.tools import Tools
from runner_image.task.tracing import Traced
from runner_image.workloads.files import require_bounded, write_output
from runner_image.workloads.protocol import FleetControl, Job, Outcome, Prepared, Progress, Workload

OPTIONS = Policy(patience_s=300)  # a store that is down for longer fails the task


@dataclass
class Execution:
    """One task's execution, filled in as it goes on."""

    task: AssignedTask
    workload: str
    work_dir: Path
    cores: tuple[int, ...]
    stop: Stop
    beats: Heartbeats
    log: Log
    image: str | None = None
    scratch: tuple[str, ...] = ()
    prepared: Prepared | None = None
    outcome: Outcome | None = None
    conditions: Conditions | None = None
    failure: Failure | None = field(default=None)

    def measure(self, tools: Tools) -> None:
        """Leaves an outcome or a failure behind. Raises Stopped when the result is nobody's business any more."""
        with self._failures():
            self.task = self._with_options(tools)
            chosen = self._chosen(tools.workload)
            self.scratch = chosen.scratch
            own = granted(tools.credentials, chosen.credentials, workload=self.workload)
            job = self._job(tools)
            opened = tools.isolation.open(
                self.work_dir,
                stop=self.stop,
                cores=self.cores,
                image=self.task.image,
                official=chosen.image(job),
                credentials=own,
            )
            with opened as slot:
                self.image = slot.image
                job = replace(job, environment=slot.environment)
                self._phases(chosen, job, Traced(slot, self.log) if self.log.verbose else slot, tools)
            self.failure = judge(self.outcome) if self.outcome else None
        if self.failure:
            self.failure = blamed(self.failure, self.work_dir)

    def _with_options(self, tools: Tools) -> AssignedTask:
        """With its options inline, as if the claim had brought them."""
        url = self.task.workload_options_url
        if url is None:
            return self.task
        options = fetched(url, self.task.workload_options_range, http=tools.store, retry=self._retrier(tools))
        version = ruby_version_of(self.task.workload, options, self.task.ruby_version)
        inline = {"workload_options": options, "workload_options_url": None, "ruby_version": version}
        return self.task.model_copy(update=inline)

    def _job(self, tools: Tools) -> Job:
        of_fleet = self.workload == LLM
        return Job(
            task_id=self.task.id,
            work_dir=self.work_dir,
            options=self.task.workload_options,
            ruby_version=self.task.ruby_version,
            fleet=self._fleet(tools) if of_fleet else None,
            credentials=tools.credentials if of_fleet else {},
            attempt=self.task.attempt,
            subject=self.task.subject,
            repeat=self.task.run_number,
        )

    def _fleet(self, tools: Tools) -> FleetControl:
        """Imported late: most tasks are of no fleet."""
        from runner_image.control.fleet import FleetSession

        return FleetSession(
            tools.session,
            tools.runner_session or tools.session,
            run_id=self.task.run_id,
            shard=int(self.task.id.rpartition(".")[2]),
            store=tools.store,
            retry=self._retrier(tools),
            stop=self.stop,
        )

    def _retrier(self, tools: Tools) -> Retrier:
        return Retrier(
            OPTIONS,
            sleep=self.stop.sleep,
            clock=tools.clock,
            warn=lambda error, wait_s: self.log.warning("retrying", error=str(error), wait_s=round(wait_s, 1)),
        )

    def _phases(self, workload: Workload, job: Job, slot: Slot, tools: Tools) -> None:
        self._tell(HeartbeatStatus.PROVISION)
        self.prepared = workload.prepare(job, slot, self._report)
        self._tell(HeartbeatStatus.RUNNING)
        with tools.at_work.watched() as watch:
            before = self._reading(tools)
            code = workload.run(job, self.prepared, slot, self._report)
            after = self._reading(tools)
        self.conditions = conditions(before, after, slots=tools.at_work.slots, busy_slots=watch.most)
        self.beats.check()
        self.outcome = self._fitted(workload.collect(job, self.prepared, code))
        self.beats.check()

    def _reading(self, tools: Tools) -> Reading:
        cores = self.cores or affinity() or [0]
        return reading(tools.system, cores=cores, at_s=tools.clock(), used=tools.isolation.used())

    def _fitted(self, outcome: Outcome) -> Outcome:
        """Within the bounds of the contract, and with the task's subject; output.json is written anew if that changed it."""
        output, note = fitted(outcome.output)
        require_bounded(output)
        note = "; ".join(filter(None, [note, elsewhere(output, self.cores or affinity())]))
        output = output.model_copy(update={"subject": self.task.subject})
        if note or output.subject != outcome.output.subject:
            write_output(self.work_dir, output)
        return replace(outcome, output=output, note=note)

    def _chosen(self, workload: Callable[[str], Workload]) -> Workload:
        try:
            return workload(self.workload)
        except KeyError:
            message = f"This runner does not know the workload {self.workload!r}"
            raise TaskError(message, error_type="unknown_workload") from None

    def _tell(self, status: HeartbeatStatus) -> None:
        self.stop.check()
        self.log.info(status.value)
        self.beats.status(status)

    def _report(self, progress: Progress) -> None:
        """A workload that computes by itself meets a stop here."""
        self.stop.check()
        self.beats.progress(progress.percent, benchmark=progress.benchmark, message=progress.message)
        self.log.debug("progress", percent=progress.percent, benchmark=progress.benchmark, message=progress.message)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Turns whatever goes wrong into a failure, save a stop that makes the result worthless."""
        try:
            yield
        except Stopped as stopped:
            if stopped.reason is not StopReason.RUNNER_STOPPED:
                raise
            self.failure = RUNNER_STOPPED
        except TaskError as error:
            self.failure = Failure.of_error(error)
        except Exception as error:  # a fault of a workload's code, or of this machine: the slot must live on
            message = words_of(error, place=self.work_dir)
            theirs = taken_apart(error, self.work_dir) if self.prepared else None  # what ran, not what made ready
            self.failure = theirs or Failure.of("runner_error", message, detail=traceback.format_exc())
