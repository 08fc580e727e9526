"""What an executor asks of the control plane: one method, one request. Raises the session's errors."""

from typing import Any, Protocol

from benchfleet_contract.registry.executors import (
    AnnounceReply,
    AnnounceRequest,
    CatalogReply,
    DrainRequest,
    ExecutorHeartbeat,
    ExecutorHeartbeatReply,
    UpdateModels,
)

from runner_image.control.session import Refused, Session, parsed

FENCED = 2006  # another process has taken the executor over
GONE = 410


class Control(Protocol):
    def announce(self, request: AnnounceRequest) -> AnnounceReply: ...
    def beat(self, executor_id: str, request: ExecutorHeartbeat) -> ExecutorHeartbeatReply: ...
    def update(self, executor_id: str, request: UpdateModels) -> CatalogReply: ...
    def drain(self, executor_id: str, request: DrainRequest) -> None: ...
    def remove(self, executor_id: str, generation: int) -> None: ...


class SessionControl:
    """Over a session with the control plane, which may be a runner's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def announce(self, request: AnnounceRequest) -> AnnounceReply:
        return parsed(AnnounceReply, self._session.call("POST", "/executors", request))

    def beat(self, executor_id: str, request: ExecutorHeartbeat) -> ExecutorHeartbeatReply:
        return parsed(
            ExecutorHeartbeatReply, self._session.call("POST", f"/executors/{executor_id}/heartbeat", request)
        )

    def update(self, executor_id: str, request: UpdateModels) -> CatalogReply:
        return parsed(CatalogReply, self._session.call("POST", f"/executors/{executor_id}/models", request))

    def drain(self, executor_id: str, request: DrainRequest) -> None:
        self._session.call("POST", f"/executors/{executor_id}/drain", request)

    def remove(self, executor_id: str, generation: int) -> None:
        query: dict[str, Any] = {"generation": generation}
        self._session.call("DELETE", f"/executors/{executor_id}", query=query)


def is_fenced(error: Exception) -> bool:
    return isinstance(error, Refused) and error.number == FENCED


def is_unknown(error: Exception) -> bool:
    """The control plane knows it not, or no more: it announces itself again."""
    return isinstance(error, Refused) and error.status in (404, GONE)
