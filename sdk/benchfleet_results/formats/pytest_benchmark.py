"""pytest-benchmark's JSON: `stats.data` in seconds per iteration, one for each round; saved without it, only the mean."""

from typing import Any

from benchfleet_results.formats.found import About, Found, a_name, utc
from benchfleet_results.formats.python_names import variant
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import Source
from benchfleet_results.formats.values import a_list, a_number, an_object, known, known_number, numbers


def _looks_like(source: Source) -> bool:
    return isinstance(source.peeked, dict) and {"machine_info", "benchmarks"} <= source.peeked.keys()


def _read(source: Source, found: Found) -> None:
    document = an_object(source.document(), "the file")
    python = variant(
        known(document, "machine_info", "python_implementation"), known(document, "machine_info", "python_version")
    )
    without_data = 0
    for index, each in enumerate(a_list(document.get("benchmarks"), "benchmarks")):
        where = f"benchmarks[{index}]"
        with found.item(where, known(each, "fullname")):
            benchmark = an_object(each, where)
            without_data += not _benchmark(benchmark, where, python, found)
    if without_data:
        found.notes.append(
            f"{without_data} benchmarks have statistics only, so that their mean is their one sample: "
            "pytest --benchmark-save-data keeps all"
        )
    found.about = _about(document)


def _benchmark(benchmark: dict[str, Any], where: str, python: str, found: Found) -> bool:
    """Did it have all of its samples?"""
    name = a_name(benchmark.get("fullname") or benchmark.get("name"), f"{where}.fullname")
    stats = an_object(benchmark.get("stats"), f"{where}.stats")
    if stats.get("data") is None:
        found.add(name, [a_number(stats.get("mean"), f"{where}.stats.mean")], variant=python)
        return False
    samples = numbers(stats["data"], f"{where}.stats.data")
    loops = known_number(stats, "iterations") or 1
    found.add(name, samples, variant=python, shortest_raw_s=min(samples) * loops if samples else None)
    return True


def _about(document: dict[str, Any]) -> About:
    machine, commit = document.get("machine_info"), known(document, "commit_info", "id")
    named = {
        "python": known(machine, "python_version"),
        "pytest-benchmark": known(document, "version"),
    }
    return About(
        host=known(machine, "node"),
        cpu_model=known(machine, "cpu", "brand_raw"),
        logical_cores=known_number(machine, "cpu", "count"),
        architecture=known(machine, "machine"),
        kernel=known(machine, "release"),
        operating_system=known(machine, "system"),
        started_at=utc(known(document, "datetime")),
        commit=None if commit == "unversioned" else commit,
        versions={name: text for name, text in named.items() if text},
        build={"python_compiler": text} if (text := known(machine, "python_compiler")) else {},
    )


READER = Reader("pytest-benchmark", _looks_like, _read)
