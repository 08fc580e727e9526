"""Google Benchmark's JSON: a sample for each repetition, in `time_unit`; statistics over them are left out.

Where only statistics were reported, the mean is the one sample.
"""

from typing import Any

from benchfleet_results.formats.found import About, Found, a_name, utc
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import Source
from benchfleet_results.formats.values import Odd, a_list, a_number, an_object, known, known_number

_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
_RATES = {"bytes_per_second": "bytes/s", "items_per_second": "items/s"}


def _looks_like(source: Source) -> bool:
    return isinstance(source.peeked, dict) and {"context", "benchmarks"} <= source.peeked.keys()


def _read(source: Source, found: Found) -> None:
    document = an_object(source.document(), "the file")
    items = a_list(document.get("benchmarks"), "benchmarks")
    raw = {known(each, "run_name") for each in items if known(each, "run_type") != "aggregate"}
    only_means = 0
    for index, each in enumerate(items):
        where = f"benchmarks[{index}]"
        with found.item(where, known(each, "run_name") or known(each, "name")):
            only_means += _item(an_object(each, where), where, raw, found)
    if only_means:
        found.notes.append(
            f"{only_means} benchmarks have statistics only, so that their mean is their one sample: "
            "leave --benchmark_report_aggregates_only out"
        )
    found.about = _about(document)


def _item(item: dict[str, Any], where: str, raw: set[str | None], found: Found) -> bool:
    """Was it a mean that had to stand for samples?"""
    name = a_name(item.get("run_name") or item.get("name"), f"{where}.run_name")
    if item.get("error_occurred"):
        if not any(lost.benchmark == name for lost in found.failures):  # once, not for each repetition
            found.fail(name, known(item, "error_message") or "no reason given")
        return False
    if item.get("run_type") != "aggregate":
        _add(item, name, where, found, loops=known_number(item, "iterations"))
        return False
    alone = name not in raw and item.get("aggregate_name") == "mean"
    if alone:
        _add(item, name, where, found, loops=None)
    return alone


def _add(item: dict[str, Any], name: str, where: str, found: Found, *, loops: int | None) -> None:
    unit = item.get("time_unit")
    if not isinstance(unit, str) or unit not in _SECONDS:
        raise Odd(f"{where}.time_unit", unit, "is no unit of time", f"one of {', '.join(_SECONDS)}")
    real = a_number(item.get("real_time"), f"{where}.real_time")
    cpu = a_number(item.get("cpu_time"), f"{where}.cpu_time")
    found.add(name, [real], unit=unit, shortest_raw_s=real * loops * _SECONDS[unit] if loops else None)
    found.add(name, [cpu], metric="cpu_time", unit=unit)
    for field, rate in _RATES.items():
        if field in item:
            found.add(name, [a_number(item[field], f"{where}.{field}")], metric=field, unit=rate, better="higher")


def _about(document: dict[str, Any]) -> About:
    context = document.get("context")
    version = known(context, "library_version")
    build = known(context, "library_build_type")
    return About(
        host=known(context, "host_name"),
        logical_cores=known_number(context, "num_cpus"),
        started_at=utc(known(context, "date")),
        versions={"google-benchmark": version} if version else {},
        build={"google-benchmark": build} if build else {},
    )


READER = Reader("google-benchmark", _looks_like, _read)
