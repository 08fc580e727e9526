"""What several apps do with texts and files that came in. Linked into each app's folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def flat(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A flat object in which repeated keys are lists."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return values


def told(names: Mapping[str, str], kind: str) -> dict[str, Any]:
    """Path parameters as they are echoed: an integer is a number."""
    return {"id": int(names["id"])} if kind == "int" else dict(names)


def counted(sizes: Iterable[int]) -> dict[str, int]:
    """The answer to files of these sizes in bytes."""
    of = list(sizes)
    return {"files_received": len(of), "total_bytes": sum(of)}
