"""One task from claim to end."""

import traceback
from dataclasses import dataclass, field, replace

from benchfleet_contract.tasks import AssignedTask, UploadUrls

from runner_image.control.heartbeats import Heartbeats, Holder
from runner_image.control.session import Claimed, Session, SessionError
from runner_image.logs import Log, to_file
from runner_image.machine.provenance import machine
from runner_image.retries import Policy, Retrier
from runner_image.stopping import Stop, Stopped
from runner_image.task.ending import Ending
from runner_image.task.execution import Execution
from runner_image.task.faults import words_of
from runner_image.task.health import Health
from runner_image.task.metadata import Failure, TaskMetadata
from runner_image.task.tools import TaskEnd, Tools
from runner_image.task.work_dirs import work_dir

GIVE_UP_S, MOST_GIVE_UP_S = 10.0, 600.0  # how long a failure is told at least, and at most


@dataclass(frozen=True)
class Worker:
    """Who executes: the runner id that owns the leases, and the cores that commands are pinned to."""

    runner_id: str
    cores: tuple[int, ...] = ()
    health: Health = field(default_factory=Health)


def run_task(claimed: Claimed, *, worker: Worker, stop: Stop, tools: Tools, log: Log) -> TaskEnd:
    """Executes an assigned task to its end: whatever goes wrong, the control plane is told."""
    task, urls = claimed.reply.task, claimed.reply.presigned_urls
    if task is None:
        raise ValueError("a claim without a task")
    if claimed.reply.attempt_token is None:
        log.warning("no_attempt_token", meaning="the control plane gave none: this runner's key speaks for the attempt")
    tools = replace(tools, session=_of_attempt(tools.session, claimed), runner_session=tools.session)
    try:
        if urls is None:
            raise LookupError("the claim's answer holds a task but no presigned_urls to upload its result to")
        return _run(claimed, task, urls, worker=worker, stop=stop, tools=tools, log=log)
    except Exception as error:  # whatever it is, nobody else works on the task: it is given up in order
        log.error("runner_error", error=str(error), trace=traceback.format_exc())
        failure = Failure.of("runner_error", words_of(error, place=tools.work_root))
        return _give_up(claimed, task, worker.health.failed(failure), worker=worker, stop=stop, tools=tools, log=log)


def _of_attempt(session: Session, claimed: Claimed) -> Session:
    return session.of_attempt(claimed.reply.attempt_token, correlation_id=claimed.correlation_id)


def _give_up(
    claimed: Claimed, task: AssignedTask, failure: Failure, *, worker: Worker, stop: Stop, tools: Tools, log: Log
) -> TaskEnd:
    """Tells of the failure, repeatedly while the lease that came with the claim lasts. Nobody beats meanwhile."""
    retry = Retrier(
        Policy(patience_s=max(GIVE_UP_S, min(claimed.lease_ends - tools.clock(), MOST_GIVE_UP_S))),
        sleep=stop.sleep,
        clock=tools.clock,
        warn=lambda error, wait_s: log.warning("retrying", error=str(error), wait_s=round(wait_s, 1)),
    )
    request = failure.request(worker.runner_id, attempt=task.attempt)
    try:
        retry(lambda _failures: tools.session.fail(task.id, request))
    except (SessionError, Stopped) as error:
        log.error("not_told", error=str(error), error_type=failure.error_type)
        return TaskEnd.DROPPED
    return TaskEnd.FAILED


def _run(
    claimed: Claimed, task: AssignedTask, urls: UploadUrls, *, worker: Worker, stop: Stop, tools: Tools, log: Log
) -> TaskEnd:
    with work_dir(tools.work_root, task.id, keep=tools.debug, log=log) as root:
        place = root / "work"
        own_log = log.tee(to_file(place / "full_run.log")) if tools.debug else log
        known = _task_metadata(task, worker=worker, tools=tools)
        with _heartbeats(claimed, task, worker=worker, stop=stop, tools=tools, log=own_log) as beats:
            run = Execution(
                task, workload=known.workload, work_dir=place, cores=worker.cores, stop=stop, beats=beats, log=own_log
            )
            try:
                run.measure(tools)
            except Stopped as stopped:
                own_log.warning("dropped", reason=stopped.reason.value)
                return TaskEnd.DROPPED
            known = replace(known, task=run.task)
            return Ending(run, urls=urls, known=known, tools=tools, health=worker.health).deliver()


def _task_metadata(task: AssignedTask, *, worker: Worker, tools: Tools) -> TaskMetadata:
    return TaskMetadata(
        task=task,
        workload=tools.forced_workload or task.workload,
        runner_id=worker.runner_id,
        started_at=tools.now(),
        began_s=tools.clock(),
        machine=machine(
            tools.system,
            image=tools.isolation.image,
            cloud=tools.cloud,
            cores=worker.cores,
            isolation=tools.isolation.name,
        ),
        runner_versions=dict(tools.versions),
    )


def _heartbeats(
    claimed: Claimed, task: AssignedTask, *, worker: Worker, stop: Stop, tools: Tools, log: Log
) -> Heartbeats:
    holder = Holder(
        worker.runner_id, attempt=task.attempt, lease_ends=claimed.lease_ends, next_in_s=task.next_heartbeat_in_s
    )
    return Heartbeats(
        lambda beat: tools.session.heartbeat(task.id, beat), holder=holder, stop=stop, log=log, clock=tools.clock
    )
