"""Texts of a query or form as the values that their schema names: what a validated twin echoes."""

from collections.abc import Callable, Mapping
from typing import Any

_READERS: dict[str, Callable[[str], Any]] = {"integer": int, "number": float, "boolean": "true".__eq__}


def typed(values: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers and booleans for texts; the rest as it is."""
    kinds = {name: of.get("type", "string") for name, of in schema["properties"].items()}
    return {name: _READERS.get(kinds.get(name, "string"), _same)(value) for name, value in values.items()}


def _same(value: Any) -> Any:
    return value
