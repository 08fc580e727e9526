"""Where two JSON values differ, said by field: `price: expected 42.5, got "42.5"`."""

import json
from typing import Any

MOST = 5  # differences that are told


def differences(expected: Any, got: Any, at: str = "body") -> list[str]:
    """At most `MOST`. 1 and 1.0 are the same; true and 1 are not."""
    return _differ(expected, got, at)[:MOST]


def _differ(expected: Any, got: Any, at: str) -> list[str]:
    if isinstance(expected, dict) and isinstance(got, dict):
        names = [*expected, *(name for name in got if name not in expected)]
        return [one for name in names for one in _field(expected, got, name, at)]
    if isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            return [f"{at}: expected {len(expected)} items, got {len(got)}"]
        pairs = enumerate(zip(expected, got, strict=True))
        return [one for index, (left, right) in pairs for one in _differ(left, right, f"{at}[{index}]")]
    return [] if _same(expected, got) else [f"{at}: expected {_short(expected)}, got {_short(got)}"]


def _field(expected: dict[str, Any], got: dict[str, Any], name: str, at: str) -> list[str]:
    if name not in got:
        return [f"{at}.{name}: missing"]
    if name not in expected:
        return [f"{at}.{name}: not expected, got {_short(got[name])}"]
    return _differ(expected[name], got[name], f"{at}.{name}")


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
