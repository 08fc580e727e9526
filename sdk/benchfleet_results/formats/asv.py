"""asv's results of one commit in one environment (version 2): `samples` in seconds where they were recorded.

Without `asv run --record-samples`, and for sizes and tracked numbers, asv keeps one number. The kind of a benchmark is the
start of its name, as for asv itself; units of `track_…` are in another file and so are not known.
"""

from itertools import product
from typing import Any

from benchfleet_results.formats.found import About, Found, a_name, of_milliseconds
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import FormatError, Source
from benchfleet_results.formats.values import Odd, a_list, a_number, an_object, known, known_number, numbers

_KINDS = {  # start of the function's name → metric, unit
    "time": ("time", "s"),
    "timeraw": ("time", "s"),
    "mem": ("memory", "bytes"),
    "peakmem": ("peak memory", "bytes"),
    "track": ("value", "1"),
}
_VERSION = "2"


def _looks_like(source: Source) -> bool:
    return isinstance(source.peeked, dict) and {"commit_hash", "results"} <= source.peeked.keys()


def _read(source: Source, found: Found) -> None:
    document = an_object(source.document(), "the file")
    if known(document, "version") != _VERSION:
        raise FormatError(f"version is {document.get('version')!r}, must be {_VERSION}: asv 0.5 and later write that")
    columns = [str(each) for each in a_list(document.get("result_columns"), "result_columns")]
    python = _python(known(document, "python"))
    for name, values in an_object(document.get("results"), "results").items():
        where = f"results.{name}"
        with found.item(where, name):
            _benchmark(a_name(name, where), dict(zip(columns, a_list(values, where), strict=False)), python, found)
    found.about = _about(document)


def _benchmark(name: str, row: dict[str, Any], python: str, found: Found) -> None:
    """One measurement for each combination of its parameters, the last one varying first."""
    where = f"results.{name}"
    metric, unit = _kind(name)
    parameters = [a_list(each, f"{where}.params") for each in a_list(row.get("params") or [], f"{where}.params")]
    results = row.get("result")
    if results is None:
        found.fail(name, "asv has no result of it: it failed", variant=python)
        return
    samples = row.get("samples") or []
    for index, (chosen, result) in enumerate(zip(product(*parameters), a_list(results, where), strict=False)):
        full = a_name(f"{name}({', '.join(map(str, chosen))})" if chosen else name, where)
        values = samples[index] if isinstance(samples, list) and index < len(samples) else None
        if values is None and result is None:
            found.fail(full, "asv has no result of it: it failed", variant=python)
        elif values is None:
            found.add(full, [a_number(result, f"{where}.result[{index}]")], variant=python, metric=metric, unit=unit)
        else:
            _timed(full, numbers(values, f"{where}.samples[{index}]"), _loops(row, index), python, found)


def _timed(name: str, samples: list[float], loops: int, python: str, found: Found) -> None:
    found.add(name, samples, variant=python, shortest_raw_s=min(samples) * loops if samples else None)


def _loops(row: dict[str, Any], index: int) -> int:
    counts = row.get("stats_number")
    return known_number({"n": counts[index]}, "n") or 1 if isinstance(counts, list) and index < len(counts) else 1


def _kind(name: str) -> tuple[str, str]:
    """By the function's name: `module.Suite.time_x` is a time."""
    start = name.rpartition(".")[2].lower().partition("_")[0]
    if found := _KINDS.get(start):
        return found
    for prefix in ("peakmem", "timeraw", "time", "track", "mem"):  # `TimeX` of a class with one method
        if start.startswith(prefix):
            return _KINDS[prefix]
    raise Odd(f"results.{name}", name, "is of no known kind", f"a name that starts with one of {', '.join(_KINDS)}")


def _python(text: str | None) -> str:
    """asv's name of the interpreter, if that is a version and no path."""
    return f"python-{text}" if text and "/" not in text and text[0].isdigit() else "default"


def _about(document: dict[str, Any]) -> About:
    machine = document.get("params")
    needs = document.get("requirements")
    named = {name: known(needs, name) for name in needs} if isinstance(needs, dict) else {}
    named["python"] = known(document, "python")
    return About(
        host=known(machine, "machine"),
        cpu_model=known(machine, "cpu"),
        logical_cores=known_number(machine, "num_cpu"),
        architecture=known(machine, "arch"),
        operating_system=known(machine, "os"),
        started_at=of_milliseconds(_started(document)),
        commit=known(document, "commit_hash"),
        versions={name: text for name, text in named.items() if text},
    )


def _started(document: dict[str, Any]) -> int | None:
    """In milliseconds: the first benchmark's start, else the commit's own date is all that there is, which is not it."""
    columns = document.get("result_columns")
    results = document.get("results")
    if not (isinstance(columns, list) and isinstance(results, dict) and "started_at" in columns):
        return None
    index = columns.index("started_at")
    rows = [row for row in results.values() if isinstance(row, list) and len(row) > index]
    return min((count for row in rows if (count := known_number({"at": row[index]}, "at"))), default=None)


READER = Reader("asv", _looks_like, _read)
