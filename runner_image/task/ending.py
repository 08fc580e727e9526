"""A task's end: package, upload, tell the control plane. Exactly one of complete and fail, or nothing at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from benchfleet_contract.states import HeartbeatStatus
from benchfleet_contract.tasks import CompleteRequest, UploadUrls

from runner_image.control.session import LeaseLost, Refused, SessionError
from runner_image.delivery.packaging import ERROR, RESULT, WHOLE, Package, pack
from runner_image.delivery.store import StoreError
from runner_image.delivery.upload import Uploader
from runner_image.retries import Policy, Retrier
from runner_image.stopping import Stopped, StopReason
from runner_image.task.execution import Execution
from runner_image.task.faults import words_of
from runner_image.task.health import Health
from runner_image.task.metadata import RUNNER_STOPPED, UPLOAD_FAILED, Failure, TaskMetadata, shortfall, with_more
from runner_image.task.tools import TaskEnd, Tools

FLUSH_S = 5.0  # how long an end waits for its last change of status to be told
UPLOAD = Policy(patience_s=1800)  # a store that is down for longer fails the task, while the lease is kept
ERROR_UPLOAD = Policy(patience_s=60)  # the error archive is welcome, but the failure must be told
TELL = Policy(patience_s=float("inf"))  # until the lease is lost
NO_SUCH_SERVICE = frozenset({400, 404, 405})  # what a server that binds no uploads answers
LAST_WORDS = Policy(patience_s=10, most_s=2)  # a runner that was told to end says so, but does not linger


@dataclass(frozen=True)
class Ending:
    """Ends one execution."""

    execution: Execution
    urls: UploadUrls
    known: TaskMetadata
    tools: Tools
    health: Health = field(default_factory=Health)

    def deliver(self) -> TaskEnd:
        """Delivers the result, or the failure. Dropped means that the control plane wants neither from us."""
        if self.execution.stop.reason in {StopReason.CANCELLED, StopReason.LEASE_LOST}:
            return TaskEnd.DROPPED
        try:
            failure = self.execution.failure or self._deliver_result()
            if failure is None:
                self.health.fine()
                return TaskEnd.COMPLETED
            failure = self.health.failed(failure)
            self.execution.log.warning("failing", error_type=failure.error_type, message=failure.message)
            self._deliver_failure(failure)
            return TaskEnd.FAILED
        except Stopped as stopped:
            self.execution.log.warning("dropped", reason=stopped.reason.value)
        except SessionError as error:
            self.execution.log.warning("dropped", reason=str(error))
        return TaskEnd.DROPPED

    def _deliver_result(self) -> Failure | None:
        """Returns why it could not be delivered, if it could not. Raises Stopped or LeaseLost when it is unwanted."""
        reason = shortfall(self.execution.outcome) if self.execution.outcome else None
        try:
            package = self._pack_result(reason)
            reason = with_more(reason, package.cut)
            key = self._upload(package, UPLOAD)
            self._say(HeartbeatStatus.FINISHED)
            self.execution.beats.check()
            self._complete(key, sha256=package.sha256, reason=reason)
        except Stopped as stopped:
            if stopped.reason is StopReason.RUNNER_STOPPED:
                return RUNNER_STOPPED
            raise
        except LeaseLost:
            raise
        except OSError as error:
            self.execution.log.error("packing_failed", error=str(error))
            return Failure.of("runner_error", words_of(error, place=self.execution.work_dir.parent))
        except (StoreError, SessionError) as error:
            self.execution.log.error("upload_failed", error=str(error))
            return replace(UPLOAD_FAILED, detail=f"{UPLOAD_FAILED.message}\n{error}")
        return None

    def _pack_result(self, reason: str | None) -> Package:
        self._say(HeartbeatStatus.UPLOADING, wait=False)
        status: Literal["partial", "success"] = "partial" if reason else "success"
        ended_at, ended_s = self.tools.now(), self.tools.clock()

        note = self.execution.outcome.note if self.execution.outcome else ""

        def packed(cut: str) -> Package:
            metadata = self.known.metadata(
                status=status,
                reason=with_more(reason, cut),
                prepared=self.execution.prepared,
                image=self.execution.image,
                conditions=self.execution.conditions,
                ended_at=ended_at,
                ended_s=ended_s,
            )
            return self._pack(RESULT, {"metadata.json": metadata})

        package = packed(note)
        cut = "; ".join(filter(None, [note, package.cut]))
        return replace(packed(cut), cut=cut) if package.cut else replace(package, cut=note)  # metadata.json tells of it

    def _pack(self, name: str, extra: Mapping[str, bytes]) -> Package:
        work_dir = self.execution.work_dir
        whole = WHOLE if name == RESULT else frozenset[str]()  # what a failed task left there has no bounds of its own
        return pack(work_dir, work_dir.parent / name, extra=extra, whole=whole, scratch=self.execution.scratch)

    def _complete(self, key: str, *, sha256: str, reason: str | None) -> None:
        task = self.execution.task
        request = CompleteRequest(
            runner_id=self.known.runner_id, s3_result_key=key, attempt=task.attempt, reason=reason, result_sha256=sha256
        )
        self._tell(lambda: self.tools.session.complete(task.id, request))

    def _deliver_failure(self, failure: Failure) -> None:
        key, sha256 = self._upload_error(failure)
        self._say(HeartbeatStatus.ERROR)
        task = self.execution.task
        request = failure.request(self.known.runner_id, attempt=task.attempt, error_key=key)
        request = request.model_copy(update={"error_sha256": sha256})
        if self.tools.debug:
            request = request.model_copy(update={"debug_mode": True})
        self._tell(lambda: self.tools.session.fail(task.id, request))

    def _upload_error(self, failure: Failure) -> tuple[str | None, str | None]:
        """Key and SHA-256 of the error archive; None if it could not be delivered, which is no reason to keep silent."""
        try:
            metadata = self.known.metadata(
                status="error",
                reason=failure.message,
                prepared=self.execution.prepared,
                image=self.execution.image,
                conditions=self.execution.conditions,
                ended_at=self.tools.now(),
                ended_s=self.tools.clock(),
            )
            extra = {"metadata.json": metadata, "error.txt": failure.detail.encode() + b"\n"}
            package = self._pack(ERROR, extra)
            return self._upload(package, ERROR_UPLOAD), package.sha256
        except LeaseLost:
            raise
        except Stopped as stopped:
            if stopped.reason is not StopReason.RUNNER_STOPPED:
                raise
        except (StoreError, SessionError, OSError) as error:
            self.execution.log.warning("error_upload_failed", error=str(error))
        return None, None

    def _upload(self, package: Package, policy: Policy) -> str:
        uploader = Uploader(self.urls, fresh_urls=self._fresh_urls, http=self.tools.store)
        return uploader.upload(package, retry=self._retrier(policy))

    def _fresh_urls(self, query: Mapping[str, str | int]) -> UploadUrls | None:
        """None: the control plane signs at the claim only, or binds only some archives."""
        task = self.execution.task
        owner: dict[str, str | int] = {"runner_id": self.known.runner_id, "attempt": task.attempt}
        try:
            return self.tools.session.upload_urls(task.id, {**owner, **query})
        except LeaseLost:
            raise
        except Refused as error:
            if error.status not in NO_SUCH_SERVICE:
                raise
            return None

    def _say(self, status: HeartbeatStatus, *, wait: bool = True) -> None:
        """A change of status. The last ones are waited for: after the task's end no beat is welcome."""
        self.execution.log.info(status.value)
        self.execution.beats.status(status)
        if wait:
            self.execution.beats.flush(FLUSH_S)

    def _tell(self, call: Callable[[], None]) -> None:
        """Repeats until the lease is lost, then asks once more.

        The lease may only look lost: when the call was accepted and its answer dropped, heartbeats are refused.
        """
        try:
            self._retrier(TELL)(lambda _failures: call())
        except Stopped:
            call()

    def _retrier(self, policy: Policy) -> Retrier:
        stop, log = self.execution.stop, self.execution.log
        last_words = stop.reason is StopReason.RUNNER_STOPPED
        return Retrier(
            LAST_WORDS if last_words else policy,
            sleep=self.tools.sleep if last_words else stop.sleep,
            clock=self.tools.clock,
            warn=lambda error, wait_s: log.warning("retrying", error=str(error), wait_s=round(wait_s, 1)),
        )
