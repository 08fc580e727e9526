"""Reads an `output.json` item by item: what is wrong with one measurement costs that one, never the others."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from benchfleet_contract.bounds import MAX_MEASUREMENTS, MAX_NAME_CHARS
from benchfleet_contract.results import BenchmarkFailure, Measurement, Output

_SHOWN_CHARS = 60  # of a value in a message
_PROBLEMS = 3  # of one item that a message names


class OutputError(ValueError):
    """The document as a whole is no `output.json`; the message says where and why."""


def read_output(raw: bytes, *, finite: bool = True) -> Output:
    """Every measurement that can be read; each other one is among `failures`, with its reason. A BOM is skipped.

    `finite`: a measurement with a sample that is NaN or infinite is one of those others. Raises OutputError.
    """
    document = _document(raw)
    output = _frame(document)
    kept: list[Measurement] = []
    for number, item in enumerate(_items(document, "measurements")):
        found = _measurement(item, number, finite=finite)
        (kept if isinstance(found, Measurement) else output.failures).append(found)  # type: ignore[attr-defined]
    output.failures.extend(_failures(document))
    return output.model_copy(update={"measurements": kept})


def _document(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw.decode("utf-8-sig"), parse_int=_integer)
    except UnicodeDecodeError as error:
        raise OutputError(f"it is not UTF-8: byte {error.start} is {raw[error.start : error.start + 1]!r}") from error
    except RecursionError as error:
        raise OutputError("it is nested too deeply") from error
    except ValueError as error:
        raise OutputError(f"it is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise OutputError(f"it is {_shown(document)}, must be an object")
    return document


def _integer(digits: str) -> int | float:
    """Python refuses to read integers of thousands of digits; as a float it is infinite, and that item's problem."""
    return int(digits) if len(digits) < 400 else float(digits)


def _frame(document: Mapping[str, Any]) -> Output:
    """The document without its items."""
    if "measurements" not in document:
        raise OutputError("measurements: there is no such field")
    try:
        return Output.model_validate({**document, "measurements": [], "failures": []})
    except ValidationError as error:
        raise OutputError(problems(error)) from error


def _items(document: Mapping[str, Any], name: str) -> list[Any]:
    items = document.get(name, [])
    if not isinstance(items, list):
        raise OutputError(f"{name} is {_shown(items)}, must be a list")
    if len(items) > MAX_MEASUREMENTS:
        raise OutputError(f"{name} holds {len(items)} items, at most {MAX_MEASUREMENTS} are read")
    return items


def _measurement(item: Any, number: int, *, finite: bool) -> Measurement | BenchmarkFailure:
    found = _valid(Measurement, item)
    if isinstance(found, Measurement):
        why = _nonsense(found, finite=finite)
        if why is None:
            return found
    else:
        why = found
    name, variant = (_name(item, key) for key in ("benchmark", "variant"))
    return BenchmarkFailure(
        benchmark=name or f"measurements.{number}", variant=variant or "default", reason=f"cannot be read: {why}"
    )


def _failures(document: Mapping[str, Any]) -> Iterator[BenchmarkFailure]:
    for number, item in enumerate(_items(document, "failures")):
        found = _valid(BenchmarkFailure, item)
        if isinstance(found, BenchmarkFailure) and _printable(found.benchmark, found.variant, found.reason):
            yield found
        else:
            why = found if isinstance(found, str) else "a name that is not valid Unicode"
            name, variant = (_name(item, key) for key in ("benchmark", "variant"))
            yield BenchmarkFailure(
                benchmark=name or f"failures.{number}", variant=variant or "default", reason=f"cannot be read: {why}"
            )


def _valid(model: type[BaseModel], item: Any) -> BaseModel | str:
    try:
        return model.model_validate(item)
    except ValidationError as error:
        return problems(error)


def _nonsense(found: Measurement, *, finite: bool) -> str | None:
    """What is wrong with a measurement of the right shape."""
    names = {"benchmark": found.benchmark, "variant": found.variant, "metric": found.metric, "unit": found.unit}
    for field, text in names.items():
        if len(text) > MAX_NAME_CHARS:
            return f"{field} has {len(text)} characters, at most {MAX_NAME_CHARS} are allowed"
    if not _printable(*names.values()):
        return "a name that is not valid Unicode"
    odd = [(kind, n, v) for kind in ("samples", "warmup") for n, v in enumerate(getattr(found, kind)) if not _finite(v)]
    return f"{odd[0][0]}.{odd[0][1]} is {odd[0][2]}, must be a finite number" if finite and odd else None


def _finite(value: float) -> bool:
    return math.isfinite(value)


def _printable(*names: str) -> bool:
    """JSON can escape half of a surrogate pair, which no file and no message can hold."""
    return all(name.isascii() or name.encode(errors="replace").decode() == name for name in names)


def _name(item: Any, key: str) -> str | None:
    name = item.get(key) if isinstance(item, dict) else None
    return name[:MAX_NAME_CHARS].encode(errors="replace").decode() if isinstance(name, str) and name else None


def problems(error: ValidationError) -> str:
    """The first few, each with its place and value."""
    found = error.errors(include_url=False, include_context=False)
    told = [f"{'.'.join(map(str, e['loc'])) or 'it'} is {_shown(e['input'])}: {e['msg']}" for e in found[:_PROBLEMS]]
    return "; ".join(told) + (f"; and {len(found) - _PROBLEMS} more" if len(found) > _PROBLEMS else "")


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
