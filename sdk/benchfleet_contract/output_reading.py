"""Reads an `output.json` item by item: what is wrong with one measurement costs that one, never the others."""

import json
import math
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from benchfleet_contract.bounds import MAX_MEASUREMENTS, MAX_NAME_CHARS
from benchfleet_contract.results import BenchmarkFailure, Measurement, Output

Item = TypeVar("Item", bound=BaseModel)
_SHOWN_CHARS = 60  # of a value in a message
_PROBLEMS = 3  # of one item that a message names
_UNREADABLE = "cannot be read: "
_DOCUMENT = "output.json"  # names what is odd about the document itself, where a benchmark's name is expected
_LONG_DIGITS = 400  # an integer of more is beyond every float


class OutputError(ValueError):
    """The document as a whole is no `output.json`; the message says where and why."""


class _Odd(Exception):
    """An item that cannot be taken; the message says where and why."""


def read_output(raw: bytes, *, finite: bool = True) -> Output:
    """Every measurement that can be read; each other one is among `failures`, with its reason. A BOM is skipped.

    So is what else is odd about the document, such as fields that nobody knows.

    `finite`: a measurement with a sample that is NaN or infinite is one of those others. Raises OutputError, also if
    not a single one of its measurements can be read.
    """
    document = _document(raw)
    output = _frame(document)
    kept, odd = _sorted(document, "measurements", Measurement, finite=finite)
    if odd and not kept:
        raise OutputError(odd[0].reason.removeprefix(_UNREADABLE))
    told, unclear = _failures(document)
    failures = [*told, *odd, *unclear, *_surplus(document)]
    return output.model_copy(update={"measurements": kept, "failures": failures})


def _document(raw: bytes) -> dict[str, Any]:
    """Bytes that are no UTF-8 become halves of surrogate pairs, which only cost the item that they stand in."""
    try:
        document = json.loads(raw.decode("utf-8-sig", errors="surrogateescape"), parse_int=_integer)
    except RecursionError as error:
        raise OutputError("it is nested too deeply") from error
    except ValueError as error:
        raise OutputError(_no_utf8(raw) or f"it is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise OutputError(f"it is {_shown(document)}, must be an object")
    return document


def _no_utf8(raw: bytes) -> str | None:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"it is not UTF-8: byte {error.start} is {raw[error.start : error.start + 1]!r}"
    return None


def _integer(digits: str) -> int | float:
    """Python refuses to read integers of thousands of digits; as a float it is infinite, and that item's problem."""
    return int(digits) if len(digits) < _LONG_DIGITS else float(digits)


def _frame(document: Mapping[str, Any]) -> Output:
    """The document without its items, and without fields that nobody knows."""
    if "measurements" not in document:
        raise OutputError("measurements: there is no such field")
    try:
        known = {name: document[name] for name in Output.model_fields if name in document}
        return Output.model_validate({**known, "measurements": [], "failures": []})
    except ValidationError as error:
        raise OutputError(_problems(error, "")) from error


def _failures(document: Mapping[str, Any]) -> tuple[list[BenchmarkFailure], list[BenchmarkFailure]]:
    """Whatever stands there, it costs no measurement."""
    try:
        return _sorted(document, "failures", BenchmarkFailure, finite=True)
    except OutputError as error:
        return [], [_unreadable("failures", str(error))]


def _surplus(document: Mapping[str, Any]) -> list[BenchmarkFailure]:
    """One failure for all fields that nobody knows: a misspelt name must not hide what was meant."""
    names = [_shown(name) for name in document if name not in Output.model_fields]
    if not names:
        return []
    more = f" and {len(names) - _PROBLEMS} more" if len(names) > _PROBLEMS else ""
    known = ", ".join(Output.model_fields)
    return [_unreadable(_DOCUMENT, f"{', '.join(names[:_PROBLEMS])}{more}: no such field, must be one of {known}")]


def _unreadable(name: str, why: str, variant: str = "default") -> BenchmarkFailure:
    return BenchmarkFailure(benchmark=name, variant=variant, reason=f"{_UNREADABLE}{why}")


def _sorted(
    document: Mapping[str, Any], field: str, model: type[Item], *, finite: bool
) -> tuple[list[Item], list[BenchmarkFailure]]:
    """The items of a field that can be read, and a failure for each that cannot."""
    items = document.get(field, [])
    if not isinstance(items, list):
        raise OutputError(f"{field} is {_shown(items)}, must be a list")
    if len(items) > MAX_MEASUREMENTS:
        raise OutputError(f"{field} holds {len(items)} items, at most {MAX_MEASUREMENTS} are read")
    kept: list[Item] = []
    odd: list[BenchmarkFailure] = []
    for number, item in enumerate(items):
        try:
            kept.append(_item(model, item, f"{field}.{number}", finite=finite))
        except _Odd as why:
            name, variant = _name(item, "benchmark") or f"{field}.{number}", _name(item, "variant") or "default"
            odd.append(_unreadable(name, str(why), variant))
    return kept, odd


def _item(model: type[Item], item: Any, where: str, *, finite: bool) -> Item:
    try:
        found = model.model_validate(item)
    except ValidationError as error:
        raise _Odd(_problems(error, where)) from error
    _require_names(found, where)
    if isinstance(found, Measurement) and finite:
        _require_finite(found, where)
    return found


def _require_names(found: BaseModel, where: str) -> None:
    """JSON can escape half of a surrogate pair, which no file and no message can hold."""
    for field, text in found:
        if not isinstance(text, str):
            continue
        if field != "reason" and len(text) > MAX_NAME_CHARS:
            raise _Odd(f"{where}.{field} has {len(text)} characters, at most {MAX_NAME_CHARS} are allowed")
        if _plain(text) != text:
            raise _Odd(f"{where}.{field} is no valid Unicode")


def _require_finite(found: Measurement, where: str) -> None:
    if found.shortest_raw_s is not None and not math.isfinite(found.shortest_raw_s):
        raise _Odd(f"{where}.shortest_raw_s is {found.shortest_raw_s}, must be a finite number")
    for kind in ("samples", "warmup"):
        for number, value in enumerate(getattr(found, kind)):
            if not math.isfinite(value):
                raise _Odd(f"{where}.{kind}.{number} is {value}, must be a finite number")


def _name(item: Any, key: str) -> str | None:
    name = item.get(key) if isinstance(item, dict) else None
    return _plain(name[:MAX_NAME_CHARS]) if isinstance(name, str) and name else None


def _plain(text: str) -> str:
    return text if text.isascii() else text.encode(errors="replace").decode()


def _problems(error: ValidationError, where: str) -> str:
    """The first few, each with its place and value."""
    found = error.errors(include_url=False, include_context=False)
    told = [_problem(".".join(filter(None, [where, *map(str, e["loc"])])), e) for e in found[:_PROBLEMS]]
    return "; ".join(told) + (f"; and {len(found) - _PROBLEMS} more" if len(found) > _PROBLEMS else "")


def _problem(path: str, error: Any) -> str:
    is_there = "" if error["type"] == "missing" else f" is {_shown(error['input'])}"
    return f"{path}{is_there}: {error['msg']}"


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
