"""What fleet runs ask of the table and the bucket; `store/fleets.py` and `archive/fleet.py` answer it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from chalicelib.domain.fleet_budget import Budget
from chalicelib.domain.fleet_quota import Quota
from chalicelib.domain.records import Task

_Reply = TypeVar("_Reply")


@dataclass(frozen=True)
class Progress:
    """What the runner of a shard has said last: `said` is a ShardProgress of the wire."""

    shard: int
    attempt: int
    at_ms: int
    said: Mapping[str, Any]


@dataclass(frozen=True)
class Claimed:
    """What an idempotency key stands for."""

    run_id: str
    body_sha256: str
    at_ms: int


@dataclass(frozen=True)
class StoredFile:
    """`path` is relative to the run's artifacts."""

    path: str
    size_bytes: int


class Fleets(Protocol):
    def change_quota(
        self, provider_key: str, change: Callable[[Quota], tuple[Quota, _Reply]], *, now_ms: int
    ) -> _Reply: ...
    def begin_budget(self, run_id: str, most: int) -> None: ...
    def budget(self, run_id: str) -> Budget | None: ...
    def change_budget(self, run_id: str, change: Callable[[Budget], tuple[Budget, _Reply]]) -> _Reply | None: ...
    def note_progress(self, run_id: str, progress: Progress) -> None: ...
    def progress(self, run_id: str) -> dict[int, Progress]: ...
    def claim_key(self, key: str, claimed: Claimed, *, now_ms: int) -> Claimed: ...
    def erase(self, run_id: str) -> Iterator[int]: ...


class FleetFiles(Protocol):
    """The bucket's part. Each raises Unavailable when the bucket does not answer; reads give None for what is not there."""

    def keep(self, run_id: str, name: str, document: bytes) -> None: ...
    def read(self, run_id: str, name: str) -> bytes | None: ...
    def sign(self, run_id: str, name: str) -> str: ...
    def sign_chunks(self, run_id: str, shard: int, attempt: int, numbers: Iterable[int]) -> list[str]: ...
    def journals(self, run_id: str, shard: int) -> list[str]: ...
    def sign_journals(self, run_id: str, shard: int) -> list[str]: ...
    def read_chunk(self, key: str) -> bytes: ...
    def artifacts(self, run_id: str) -> list[StoredFile]: ...
    def has_artifact(self, run_id: str, path: str) -> bool: ...
    def shard_of(self, task: Task) -> bytes | None: ...
    def uploaded(self, sha256: str) -> bytes | None: ...
    def sign_upload(self, sha256: str, size_bytes: int) -> tuple[str, dict[str, str]] | None: ...
