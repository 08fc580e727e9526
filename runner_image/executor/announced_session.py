"""A runner's session that speaks for an executor, too: claims and results name it, and its heartbeats ride along.

One session, one heartbeat for both leases. Where the control plane knows the executor no more, the agent announces it again
and the request is repeated; where another process took it over, the runner gets `LeaseLost` and its agent ends.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from benchfleet_contract.registry.executors import ExecutorHeartbeat
from benchfleet_contract.tasks import ClaimReply, CompleteRequest, FailRequest, HeartbeatRequest
from pydantic import BaseModel

from runner_image.control.session import Beat, Busy, Claimed, LeaseLost, Refused, Session
from runner_image.control.shutdown import Drained
from runner_image.executor.control import FENCED as FENCED_NUMBER
from runner_image.executor.control import is_fenced

NOT_FOUND = 2002  # unknown, removed or expired
RETRY_S = 5  # what an executor that is full, or drains, waits before it asks again


Request = TypeVar("Request", bound=BaseModel)


class Speaker(Protocol):
    """An agent, as its session needs it."""

    @property
    def ticket(self) -> tuple[str, int] | None: ...
    @property
    def code(self) -> int | None: ...
    def passenger(self) -> ExecutorHeartbeat | None: ...
    def arrived(self, answer: Mapping[str, Any]) -> None: ...
    def refused(self, error: Refused) -> None: ...


class AnnouncedSession(Session):
    """`speak_for` comes before the first claim. `at_work` tells how many tasks the runner is at."""

    _speaker: Speaker
    _at_work: Callable[[], int]
    _moved: "_Moves"

    def speak_for(self, speaker: Speaker, *, at_work: Callable[[], int]) -> None:
        self._speaker, self._at_work, self._moved = speaker, at_work, _Moves()

    @property
    def moves(self) -> int:
        """How often the work has moved: a claim, an end, another status, benchmark or share of a task."""
        return self._moved.count

    def claim(self, run_id: str | None, request: BaseModel) -> Claimed:
        """Raises Drained once the executor was taken over; Busy while it is not announced."""
        try:
            claimed = super().claim(run_id, self._named(request, active=self._at_work()))
            self._moved.note("claim", claimed)
            return claimed
        except Refused as error:
            if error.code == "not_selectable":
                waits = ClaimReply(status="wait", retry_after_seconds=RETRY_S, message=str(error))
                return Claimed(reply=waits, lease_ends=float("inf"))
            self._note(error)
            if is_fenced(error):
                raise Drained from None
            raise

    def heartbeat(self, task_id: str, beat: HeartbeatRequest) -> Beat:
        self._moved.note(task_id, (beat.status, beat.current_benchmark, beat.progress_pct))
        ticket, passenger = self._speaker.ticket, self._speaker.passenger()
        if ticket is None or passenger is None:
            return super().heartbeat(task_id, beat)
        taken = {"executor_id": ticket[0], "heartbeat": passenger.model_dump(mode="json", exclude_none=True)}
        try:
            told = super().heartbeat(task_id, beat.model_copy(update=taken))
        except Refused as error:
            if _is_about_executor(error):
                self._speaker.refused(error)
            if error.number != NOT_FOUND:
                raise
            return super().heartbeat(task_id, beat)  # the task may be ours still
        if told.reply.executor:
            self._speaker.arrived(told.reply.executor)
        return told

    def complete(self, task_id: str, request: CompleteRequest) -> None:
        named = self._named(request)
        self._noting(lambda: super(AnnouncedSession, self).complete(task_id, named))
        self._moved.ended(task_id)

    def fail(self, task_id: str, request: FailRequest) -> None:
        named = self._named(request)
        self._noting(lambda: super(AnnouncedSession, self).fail(task_id, named))
        self._moved.ended(task_id)

    def _noting(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Refused as error:
            self._note(error)
            raise

    def _named(self, request: Request, **more: int) -> Request:
        """Raises LeaseLost once the executor was taken over: whatever this process has to tell is unwanted."""
        ticket = self._speaker.ticket
        if self._speaker.code is not None:
            raise LeaseLost("another process has taken the executor over", status=409, number=FENCED_NUMBER)
        if ticket is None:
            raise Busy("the executor is not announced yet")
        return request.model_copy(update={"executor_id": ticket[0], "generation": ticket[1], **more})

    def _note(self, error: Refused) -> None:
        """Raises Busy where the executor will be announced again."""
        if _is_about_executor(error):
            self._speaker.refused(error)
        if error.number == NOT_FOUND:
            raise Busy("the executor is not known any more: it is announced again") from None


class _Moves:
    """Shared by the sessions of all attempts."""

    def __init__(self) -> None:
        self.count = 0
        self._last: dict[str, object] = {}

    def note(self, what: str, where: object) -> None:
        if self._last.get(what) != where:
            self.count += 1
        self._last[what] = where

    def ended(self, what: str) -> None:
        self.count += 1
        self._last.pop(what, None)


def _is_about_executor(error: Refused) -> bool:
    return is_fenced(error) or error.number == NOT_FOUND
