"""The shape of state.json. What is deeper down, the attributes of an item say, is moto's to judge."""

from typing import Annotated, Any, Literal

from benchfleet_contract.document import Document
from pydantic import ConfigDict, Field, ValidationError

VERSION = 2  # 1 kept what a run runs as `workload`; 2 keeps its `kind`
_Text = Annotated[str, Field(min_length=1)]
_FileName = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # nothing outside of the folder is ever read


class _Shape(Document):
    model_config = ConfigDict(strict=True)


class _Stream(_Shape):
    next: int
    unread: list[dict[str, Any]]


class _Table(_Shape):
    items: list[dict[str, dict[str, Any]]]
    stream: _Stream | None = None


class _Object(_Shape):
    key: str
    file: _FileName
    etag: str | None
    last_modified: str
    metadata: dict[str, str]
    checksum_algorithm: Any
    checksum_value: Any
    checksum_type: Any
    checksum_parts: Any


class _Keys(_Shape):
    admin: _Text
    runner: _Text
    reader: _Text


class _Extra(_Shape):
    keys: _Keys
    credentials: Annotated[list[_Text], Field(min_length=2, max_length=2)]


class _Document(_Shape):
    version: Literal[2]
    table: _Table
    objects: list[_Object]
    queues: dict[str, list[str]]
    schedules: list[dict[str, Any]]
    parameters: dict[str, str]
    extra: _Extra


def fault_of(document: Any) -> str | None:
    """What is wrong with it, in words without its values (there are keys in it); None if nothing is."""
    if not isinstance(document, dict) or document.get("version") is not VERSION:
        return (
            f"its state.json is not of version {VERSION}: an emulator of another version wrote it; name another folder"
        )
    try:
        _Document.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return f"its state.json is not what an emulator writes: {where}: {first['msg']}"
    return None
