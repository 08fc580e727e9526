"""Values of a document that somebody else wrote: each is what it must be, or is told with its place."""

import math
from typing import Any

from benchfleet_contract.problems import Problem

_SHOWN_CHARS = 200


class Odd(Exception):
    """A value that cannot be taken. It costs the benchmark that it belongs to, and no other."""

    def __init__(self, where: str, value: Any, message: str, remedy: str) -> None:
        super().__init__(f"{where} {message}")
        shown = value if isinstance(value, int | float | bool | None) else str(value)[:_SHOWN_CHARS]
        if isinstance(shown, float) and not math.isfinite(shown):
            shown = str(shown)  # JSON knows no NaN
        self.problem = Problem(field=where, value=shown, message=f"{where} {message}", remedy=remedy)


def an_object(value: Any, where: str) -> dict[str, Any]:
    """Raises Odd, as all of these do."""
    if isinstance(value, dict):
        return value
    raise Odd(where, value, f"is {_kind(value)}, must be an object", "a file as the tool wrote it")


def a_list(value: Any, where: str) -> list[Any]:
    if isinstance(value, list):
        return value
    raise Odd(where, value, f"is {_kind(value)}, must be a list", "a file as the tool wrote it")


def a_text(value: Any, where: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise Odd(where, value, f"is {_kind(value)}, must be a text that is not empty", "a file as the tool wrote it")


def a_number(value: Any, where: str) -> float:
    """Finite; neither true nor "1.5" is one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            if math.isfinite(found := float(value)):
                return found
        except OverflowError:
            pass
        raise Odd(where, float("inf") if isinstance(value, int) else value, "is no finite number", "measure it again")
    raise Odd(where, value, f"is {_kind(value)}, must be a number", "a file as the tool wrote it")


def numbers(value: Any, where: str) -> list[float]:
    return [a_number(each, f"{where}[{index}]") for index, each in enumerate(a_list(value, where))]


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "missing"}
    return names.get(type(value), "a number")


def known(document: Any, *path: str) -> str | None:
    """What a document says of itself, as text; None where it does not. Never an error: no number depends on it."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    if isinstance(document, bool) or not isinstance(document, str | int | float):
        return None
    text = " ".join(str(document).encode(errors="replace").decode().split())
    return text[:_SHOWN_CHARS] or None


def known_number(document: Any, *path: str) -> int | None:
    """As `known`, for a whole number above zero."""
    text = known(document, *path)
    return int(text) if text and text.isascii() and text.isdigit() and 0 < len(text) < 16 else None
