"""pyperf's JSON (also pyperformance's): values per loop, one list for each worker process; calibrations have none."""

from typing import Any

from benchfleet_results.formats.found import About, Found, a_name, utc
from benchfleet_results.formats.python_names import variant
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import Source
from benchfleet_results.formats.values import Odd, a_list, a_number, an_object, known, known_number, numbers

UNITS = {"second": ("time", "s"), "byte": ("memory", "bytes"), "integer": ("count", "1")}  # of pyperf → metric, unit
_VERSIONS = {"python": "python_version", "pyperf": "perf_version", "pyperformance": "performance_version"}


def _looks_like(source: Source) -> bool:
    items = source.peeked.get("benchmarks") if isinstance(source.peeked, dict) else None
    return isinstance(items, list) and any(isinstance(each, dict) and "runs" in each for each in items)


def _read(source: Source, found: Found) -> None:
    suite = an_object(source.document(), "the file")
    shared = _facts(suite)
    for index, each in enumerate(a_list(suite.get("benchmarks"), "benchmarks")):
        where = f"benchmarks[{index}]"
        with found.item(where, known(each, "metadata", "name") or known(shared, "name")):
            benchmark = an_object(each, where)
            about = {**shared, **_facts(benchmark)}
            _benchmark(benchmark, about, where, found)
            if index == 0:
                _tell(about, benchmark, found)


def _facts(of: dict[str, Any]) -> dict[str, Any]:
    found = of.get("metadata")
    return found if isinstance(found, dict) else {}


def _benchmark(benchmark: dict[str, Any], about: dict[str, Any], where: str, found: Found) -> None:
    name = a_name(about.get("name", "unnamed"), f"{where}.metadata.name")
    metric, unit = _unit(about, where)
    python = variant(known(about, "python_implementation"), known(about, "python_version"))
    for number, each in enumerate(a_list(benchmark.get("runs"), f"{where}.runs")):
        run, place = an_object(each, f"{where}.runs[{number}]"), f"{where}.runs[{number}]"
        values = numbers(run.get("values", []), f"{place}.values")
        if not values:
            continue  # a calibration: its warm-ups are of other numbers of loops
        loops = known_number({**about, **an_object(run.get("metadata", {}), f"{place}.metadata")}, "loops") or 1
        inner = known_number(about, "inner_loops") or 1
        found.add(
            name,
            values,
            variant=python,
            metric=metric,
            unit=unit,
            warmup=_warmups(run.get("warmups", []), f"{place}.warmups"),
            shortest_raw_s=min(values) * loops * inner if unit == "s" else None,
        )


def _unit(about: dict[str, Any], where: str) -> tuple[str, str]:
    unit = about.get("unit", "second")
    if not isinstance(unit, str):
        raise Odd(f"{where}.metadata.unit", unit, "is no text", f"one of {', '.join(UNITS)}")
    return UNITS.get(unit, ("value", a_name(unit, f"{where}.metadata.unit")))


def _warmups(value: Any, where: str) -> list[float]:
    """Pairs of loops and value."""
    pairs = [a_list(each, f"{where}[{index}]") for index, each in enumerate(a_list(value, where))]
    return [a_number(pair[-1] if pair else None, f"{where}[{index}]") for index, pair in enumerate(pairs)]


def _tell(about: dict[str, Any], benchmark: dict[str, Any], found: Found) -> None:
    if "performance_version" in about:
        found.workload = "pyperformance"
    runs = benchmark.get("runs")
    dates = [known(run, "metadata", "date") for run in runs if isinstance(run, dict)] if isinstance(runs, list) else []
    found.about = About(
        host=known(about, "hostname"),
        cpu_model=known(about, "cpu_model_name"),
        logical_cores=known_number(about, "cpu_count"),
        operating_system=known(about, "platform"),
        started_at=utc(next(filter(None, dates), known(about, "date"))),
        versions={name: text for name, key in _VERSIONS.items() if (text := known(about, key))},
        build={name: text for name in ("python_compiler", "python_cflags") if (text := known(about, name))},
    )


READER = Reader("pyperf", _looks_like, _read)
