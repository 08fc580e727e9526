"""JMH's JSON (`-rf json`): `rawData` of the primary metric, one list a fork. Its warm-up iterations are not in the file."""

from typing import Any

from benchfleet_results.formats.found import About, Better, Found, a_name
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import Source
from benchfleet_results.formats.values import Odd, a_list, a_number, a_text, an_object, known, known_number, numbers

_THROUGHPUT = "thrpt"
_TIMES = ("avgt", "sample", "ss")


def _looks_like(source: Source) -> bool:
    return isinstance(source.peeked, list) and any(
        isinstance(each, dict) and "primaryMetric" in each for each in source.peeked
    )


def _read(source: Source, found: Found) -> None:
    results = a_list(source.document(), "the file")
    for index, each in enumerate(results):
        where = f"[{index}]"
        with found.item(where, known(each, "benchmark")):
            _result(an_object(each, where), where, found)
    first = next((each for each in results if isinstance(each, dict)), {})
    named = {"jmh": known(first, "jmhVersion"), "jdk": known(first, "jdkVersion"), "vm": known(first, "vmName")}
    named["vm version"] = known(first, "vmVersion")
    found.about = About(versions={name: text for name, text in named.items() if text})


def _result(result: dict[str, Any], where: str, found: Found) -> None:
    metric = an_object(result.get("primaryMetric"), f"{where}.primaryMetric")
    place = f"{where}.primaryMetric"
    name, better = _kind(result, where)
    found.add(
        a_name(_named(result, where), f"{where}.benchmark"),
        _samples(metric, place),
        variant=_jdk(known(result, "jdkVersion")),
        metric=name,
        unit=_unit(a_text(metric.get("scoreUnit"), f"{place}.scoreUnit")),
        better=better,
    )


def _kind(result: dict[str, Any], where: str) -> tuple[str, Better]:
    mode = result.get("mode")
    if mode == _THROUGHPUT:
        return "throughput", "higher"
    if mode in _TIMES:
        return "time", "lower"
    raise Odd(f"{where}.mode", mode, "is no mode of JMH", f"one of {', '.join((_THROUGHPUT, *_TIMES))}")


def _samples(metric: dict[str, Any], where: str) -> list[float]:
    """Of all forks, an iteration each. Mode `sample` may write histograms instead: then its score is the one sample."""
    if metric.get("rawData") is None:
        return [a_number(metric.get("score"), f"{where}.score")]
    forks = a_list(metric["rawData"], f"{where}.rawData")
    return [value for index, fork in enumerate(forks) for value in numbers(fork, f"{where}.rawData[{index}]")]


def _named(result: dict[str, Any], where: str) -> str:
    """With parameters, and with threads where there are several."""
    name = a_text(result.get("benchmark"), f"{where}.benchmark")
    parameters = an_object(result.get("params") or {}, f"{where}.params")
    name += "".join(f":{key}={value}" for key, value in parameters.items())
    threads = known_number(result, "threads") or 1
    return name if threads == 1 else f"{name} ({threads} threads)"


def _unit(unit: str) -> str:
    """`ns/op` → `ns`: an operation is what every benchmark is about."""
    return unit.removesuffix("/op")


def _jdk(version: str | None) -> str:
    """`17.0.15` → `jdk-17`, `1.8.0_252` → `jdk-8`."""
    feature = (version or "").removeprefix("1.").split(".")[0].split("-")[0].split("+")[0]
    return f"jdk-{feature}" if feature.isdigit() else "default"


READER = Reader("jmh", _looks_like, _read)
