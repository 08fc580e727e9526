"""Texts of a query or form as the values that their schema names: what a validated twin echoes."""

from collections.abc import Mapping
from typing import Any


def typed(values: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers and booleans for texts; the rest as it is."""
    return {name: _read(value, schema["properties"].get(name, {}).get("type")) for name, value in values.items()}


def _read(value: Any, kind: str | None) -> Any:
    if kind == "integer":
        return int(value)
    if kind == "number":
        return float(value)
    return value == "true" if kind == "boolean" else value
