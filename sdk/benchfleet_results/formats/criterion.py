"""criterion: cargo-criterion's JSON lines, or the folder `target/criterion` that `cargo bench` leaves.

A sample is a measured value divided by its iterations. A lone `estimates.json` has its mean as the one sample.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from benchfleet_results.formats.found import Found, a_name
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import FormatError, Source, parsed, require_size
from benchfleet_results.formats.values import Odd, a_number, a_text, an_object, known, numbers

FILES = frozenset({"benchmark.json", "sample.json", "estimates.json"})  # what is read of a folder
_NEW = "new"  # the folder of the last run; `base` holds an earlier one
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
_COMPLETE = "benchmark-complete"
_MESSAGE = re.compile(rb'"reason"\s*:\s*"(?:benchmark|group)-complete"')


def _looks_like(source: Source) -> bool:
    if source.files:
        return any(_folders(source))
    if isinstance(source.peeked, dict) and ({"iters", "times"} <= source.peeked.keys() or _is_estimate(source.peeked)):
        return True
    return _MESSAGE.search(source.raw) is not None  # cargo itself writes lines with other reasons


def _is_estimate(document: dict[str, Any]) -> bool:
    return known(document, "mean", "point_estimate") is not None


def _read(source: Source, found: Found) -> None:
    if source.files:
        _folder(source, found)
    elif isinstance(source.peeked, dict) and "reason" not in source.peeked:
        with found.item("the file", source.name):
            _numbers(a_name(source.name, "the file's name"), source.peeked, found, where="the file")
    else:
        _lines(source, found)


def _lines(source: Source, found: Found) -> None:
    require_size(len(source.raw))
    for number, line in enumerate(source.text.splitlines(), start=1):
        if not line.strip():
            continue
        where = f"line {number}"
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{where} is not JSON: {error}") from error
        if known(message, "reason") == _COMPLETE:
            with found.item(where, known(message, "id")):
                _message(message, where, found)


def _message(message: dict[str, Any], where: str, found: Found) -> None:
    counts = numbers(message.get("iteration_count"), f"{where}.iteration_count")
    values = numbers(message.get("measured_values"), f"{where}.measured_values")
    unit = a_text(message.get("unit"), f"{where}.unit")
    _add(a_name(message.get("id"), f"{where}.id"), counts, values, unit, where, found)


def _folder(source: Source, found: Found) -> None:
    """`<group>/<function>/new/{benchmark,sample,estimates}.json`."""
    for folder in sorted(_folders(source)):
        with found.item(folder, folder):
            about = _inner(source, folder, "benchmark.json")
            name = a_name(known(about, "full_id") or folder.removesuffix(f"/{_NEW}"), f"{folder}/benchmark.json")
            sample = _inner(source, folder, "sample.json")
            _numbers(name, sample or _inner(source, folder, "estimates.json"), found, where=folder)


def _folders(source: Source) -> Iterator[str]:
    """Those of the last run. Estimates alone stand also in `change`, where they are of a difference."""
    paths = (path.rpartition("/") for path in source.files)
    return iter({folder for folder, _, name in paths if name in FILES and folder.rpartition("/")[2] == _NEW})


def _inner(source: Source, folder: str, name: str) -> dict[str, Any]:
    raw = source.files.get(f"{folder}/{name}")
    if raw is None:
        return {}
    try:
        return an_object(parsed(raw), f"{folder}/{name}")
    except FormatError as error:
        raise Odd(f"{folder}/{name}", None, str(error), "a file as criterion wrote it") from error


def _numbers(name: str, document: dict[str, Any], found: Found, *, where: str) -> None:
    """Of a sample.json, else of an estimates.json: both in nanoseconds."""
    if "iters" in document:
        counts = numbers(document["iters"], f"{where}.iters")
        _add(name, counts, numbers(document.get("times"), f"{where}.times"), "ns", where, found)
    else:
        mean = an_object(document.get("mean"), f"{where}.mean")
        found.add(name, [a_number(mean.get("point_estimate"), f"{where}.mean.point_estimate")], unit="ns")


def _add(name: str, counts: list[float], values: list[float], unit: str, where: str, found: Found) -> None:
    if len(counts) != len(values) or not all(count > 0 for count in counts):
        raise Odd(where, len(counts), "has other iterations than values", "a count above zero for each value")
    samples = [value / count for value, count in zip(values, counts, strict=True)]
    raw = min(values) * _SECONDS[unit] if values and unit in _SECONDS else None
    metric = "time" if unit in _SECONDS else unit
    found.add(name, samples, metric=metric, unit=unit, shortest_raw_s=raw)


READER = Reader("criterion", _looks_like, _read)
