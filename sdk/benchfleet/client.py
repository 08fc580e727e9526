"""What can be asked of a benchfleet API: one method, one route."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from benchfleet_contract.runs import CreatedRun, RunDetail
from benchfleet_contract.tasks import Task, TaskList
from pydantic import BaseModel, ValidationError

from benchfleet._transport import TIMEOUT, Transport
from benchfleet.exceptions import ApiError, Unreachable

Reply = TypeVar("Reply", bound=BaseModel)


class Client:
    """Talks to one API with one key. Every method raises ApiError (or a leaf of it) or Unreachable."""

    def __init__(self, api_url: str, *, key: str | None, make_transport: Callable[..., Transport] = Transport) -> None:
        self._transport = make_transport(api_url, key=key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    def create_run(self, config: Mapping[str, Any]) -> CreatedRun:
        """`config` is the body of `POST /runs`. Only one that names its run may be sent again after a lost answer."""
        answer = self._transport.request("POST", "/runs", body=config, repeatable=bool(config.get("run_id")))
        return _parse(CreatedRun, answer)

    def run(self, run_id: str) -> RunDetail:
        return _parse(RunDetail, self._transport.request("GET", f"/runs/{run_id}"))

    def tasks(self, run_id: str) -> Iterator[Task]:
        """All tasks of a run, page by page."""
        cursor: str | None = None
        while True:
            query = {"cursor": cursor} if cursor else None
            page = _parse(TaskList, self._transport.request("GET", f"/runs/{run_id}/tasks", query=query))
            yield from page.tasks
            cursor = page.next_cursor
            if cursor is None:
                return

    def stop_run(self, run_id: str) -> None:
        self._transport.request("POST", f"/runs/{run_id}/stop", repeatable=False)


def download(url: str, to: Path) -> int:
    """Streams a presigned URL into a file; returns its bytes. No key is sent: the URL is the right to read.

    Raises ApiError for any status but 200, Unreachable for a transfer that broke.
    """
    try:
        with httpx.stream("GET", url, timeout=TIMEOUT) as response, to.open("wb") as file:
            if response.status_code != httpx.codes.OK:
                raise ApiError(f"the archive's address answered {response.status_code}", status=response.status_code)
            for chunk in response.iter_raw():
                file.write(chunk)
            return file.tell()
    except httpx.TransportError as error:
        raise Unreachable(f"the download broke off: {error}") from error


def _parse(model: type[Reply], answer: Any) -> Reply:
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        raise ApiError(
            f"the API's answer is no {model.__name__}: {error.error_count()} problems", status=200
        ) from error
