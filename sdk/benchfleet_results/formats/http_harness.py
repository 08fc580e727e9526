"""Result files of the HTTP harness that was before this one: run, profile, compare, consolidated, aggregated.

Variants are frameworks. Metrics begin with `reported_`: its rates count every answer, errors too, and its latencies come
from a closed loop, so they are never compared with ours. What makes its numbers doubtful is told in notes.
"""

from collections.abc import Callable, Iterator
from typing import Any

from benchfleet_results.formats.found import About, Found, a_name
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import FormatError, Source
from benchfleet_results.formats.values import Odd, a_list, a_number, an_object, known, known_number

_MIB = 1_048_576
_SENT = {"json-small": 70, "json-medium": 98, "json-large": 154, "json-very-large": 175}  # bytes, whatever was declared
_LATENCIES = ("p50", "p90", "p95", "p99")
CLOSED_LOOP = "latencies come from a closed loop: a server that stalls looks faster than it is (coordinated omission)"
ANY_STATUS = "rates count answers of any status: 4xx and 5xx are successes there"
ONE_RUN = "one run for each workload: nothing can be said of its spread"
WARMED = "memory and CPU were watched from before the warm-up, and memory was summed over threads"
BUILD = "start-up times have the build in them, and a forced second"
OTHER_MACHINES = "each framework ran on another virtual machine: differences between them may be those of the machines"
SPREADS = "the file has statistics only: their mean is the one sample"


def _looks_like(source: Source) -> bool:
    return isinstance(source.peeked, dict) and _shape(source.peeked) is not None


def _read(source: Source, found: Found) -> None:
    document = an_object(source.document(), "the file")
    read = _shape(document)
    if read is None:
        raise FormatError("it is neither a run, profile, compare, consolidated nor aggregated file of the harness")
    found.workload = "http"
    found.about = _about(document)
    read(document, found)
    found.notes += [ANY_STATUS, CLOSED_LOOP]


def _shape(document: dict[str, Any]) -> Callable[[dict[str, Any], Found], None] | None:
    """Which of the five it is, by the fields that only that one has."""
    frameworks, meta = document.get("frameworks"), document.get("metadata")
    if "throughput" in document and isinstance(document.get("framework"), str):
        return _run
    if isinstance(document.get("framework"), dict) and isinstance(document.get("suites"), list):
        return _profile
    if isinstance(document.get("suites"), list) and isinstance(frameworks, list):
        return _compare
    if isinstance(frameworks, list) and isinstance(meta, dict):
        return _aggregated if "artifacts" in meta else _consolidated if "inputs" in meta else None
    return None


def _about(document: dict[str, Any]) -> About:
    meta = document.get("metadata")
    return About(
        host=known(meta, "host", "hostname"),
        cpu_model=known(meta, "host", "cpu_model"),
        logical_cores=known_number(meta, "host", "cpu_threads"),
        architecture=known(meta, "host", "arch"),
        operating_system=known(meta, "host", "os"),
        started_at=known(document, "timestamp") or known(meta, "timestamp") or known(meta, "generated_at"),
        commit=known(meta, "git_commit"),
    )


def _run(document: dict[str, Any], found: Found) -> None:
    name, framework = _named(document, "workload", "the file"), _variant(document, "the file")
    with found.item("the file", name):
        if document.get("success") is False:
            found.fail(name, known(document, "error") or "the file says that it failed", variant=framework)
            return
        _cell(document, name, framework, "", found)
        startup = document.get("startup")
        if isinstance(startup, dict):
            _add(found, name, framework, "reported_start_up", "ms", startup.get("total_startup_ms"))
            _note(found, BUILD)
    _note(found, ONE_RUN)


def _profile(document: dict[str, Any], found: Found, prefix: str = "") -> None:
    framework = _variant(an_object(document.get("framework"), f"{prefix}framework"), f"{prefix}framework")
    for where, each in _workloads(document, prefix):
        with found.item(where, known(each, "name")):
            workload = an_object(each, where)
            name = _named(workload, "name", where)
            results = an_object(workload.get("results"), f"{where}.results")
            _cell(results, name, framework, f"{where}.results.", found)
            _sizes(workload, name, found)
    found.notes += [note for note in (ONE_RUN, WARMED) if note not in found.notes]
    if _has_profiles(document):
        _note(found, f"{framework} was profiled while it was measured: its numbers are no basis for a ranking")


def _compare(document: dict[str, Any], found: Found) -> None:
    for where, each in _workloads(document, ""):
        with found.item(where, known(each, "name")):
            _compared(an_object(each, where), where, found)
    found.notes += [ONE_RUN, WARMED, "verdicts and p values of the file are not taken: they were placeholders"]


def _compared(workload: dict[str, Any], where: str, found: Found) -> None:
    name = _named(workload, "name", where)
    for index, result in enumerate(a_list(workload.get("results"), f"{where}.results")):
        place = f"{where}.results[{index}]"
        with found.item(place, name):
            told = an_object(result, place)
            _cell(told, name, _variant(told, place), f"{place}.", found)
    _sizes(workload, name, found)


def _aggregated(document: dict[str, Any], found: Found) -> None:
    for index, each in enumerate(document["frameworks"]):
        where = f"frameworks[{index}]"
        with found.item(where, known(each, "framework")):
            profile = an_object(an_object(each, where).get("profile"), f"{where}.profile")
            _profile(profile, found, f"{where}.profile.")
    _note(found, OTHER_MACHINES)


def _consolidated(document: dict[str, Any], found: Found) -> None:
    """Statistics of several runs, whose lengths may differ: said where they do."""
    for index, each in enumerate(document["frameworks"]):
        where = f"frameworks[{index}]"
        with found.item(where):
            told = an_object(each, where)
            framework = _variant(told, where)
            for place, workload in _listed(told, where):
                with found.item(place, known(workload, "name")):
                    _statistics(an_object(workload, place), place, framework, found)
    _note(found, SPREADS)
    told = document["metadata"].get("inputs")
    inputs = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    for field in ("duration_secs", "concurrency"):
        if len({str(one.get(field)) for one in inputs}) > 1:
            _note(found, f"runs of different {field} were put together in it")


def _statistics(workload: dict[str, Any], where: str, framework: str, found: Found) -> None:
    name = _named(workload, "name", where)
    rate = an_object(workload.get("requests_per_sec"), f"{where}.requests_per_sec")
    value = a_number(rate.get("mean"), f"{where}.requests_per_sec.mean")
    found.add(name, [value], variant=framework, metric="reported_throughput", unit="req/s", better="higher")


def _workloads(document: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for index, suite in enumerate(a_list(document.get("suites"), f"{prefix}suites")):
        yield from _listed(an_object(suite, f"{prefix}suites[{index}]"), f"{prefix}suites[{index}]")


def _listed(owner: dict[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    for index, workload in enumerate(a_list(owner.get("workloads"), f"{where}.workloads")):
        yield f"{where}.workloads[{index}]", workload


def _cell(told: dict[str, Any], name: str, framework: str, where: str, found: Found) -> None:
    throughput = an_object(told.get("throughput"), f"{where}throughput")
    rate = a_number(throughput.get("requests_per_sec"), f"{where}throughput.requests_per_sec")
    if rate <= 0:
        found.fail(name, "the file has no request of it", variant=framework)
        return
    found.add(name, [rate], variant=framework, metric="reported_throughput", unit="req/s", better="higher")
    _failures(throughput, name, framework, found)
    latency: dict[str, Any] = told["latency"] if isinstance(told.get("latency"), dict) else {}
    for key in _LATENCIES:
        value = latency.get("median_ms" if key == "p50" and "median_ms" in latency else f"{key}_ms")
        _add(found, name, framework, f"reported_latency_{key}", "ms", value)
    _memory(told.get("resources"), name, framework, found)


def _failures(throughput: dict[str, Any], name: str, framework: str, found: Found) -> None:
    failed = throughput.get("failed_requests")
    if isinstance(failed, int) and failed > 0:
        _note(found, f"{framework}, {name}: {failed} requests failed on the way, and its rate has them in it")


def _memory(resources: Any, name: str, framework: str, found: Found) -> None:
    """`peak_memory_mb` of a run, `memory.peak_mb` of a profile; in MiB, whatever the field's name says."""
    if not isinstance(resources, dict):
        return
    memory = resources.get("memory")
    value = memory.get("peak_mb") if isinstance(memory, dict) else resources.get("peak_memory_mb")
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = value * _MIB
    _add(found, name, framework, "reported_memory", "bytes", value)


def _add(found: Found, name: str, framework: str, metric: str, unit: str, value: Any) -> None:
    """Zero stands for "not known" in these files: it is left out, and said."""
    if value is None:
        return
    number = a_number(value, metric)
    if number <= 0:
        _note(
            found, f"{framework}, {name}: {metric.removeprefix('reported_')} of 0 means unknown there; it is left out"
        )
        return
    found.add(name, [number], variant=framework, metric=metric, unit=unit)


def _sizes(workload: dict[str, Any], name: str, found: Found) -> None:
    """Declared sizes of JSON bodies were labels only."""
    declared, sent = known_number(workload, "payload_size_bytes"), _SENT.get(name)
    if declared and sent and declared != sent:
        _note(found, f"{name} is declared to send {declared} bytes, and sent {sent}")


def _has_profiles(document: dict[str, Any]) -> bool:
    return any(
        known(workload, "results", "profiling", "flamegraph_path") is not None
        for suite in document["suites"]
        if isinstance(suite, dict)
        for workload in (suite["workloads"] if isinstance(suite.get("workloads"), list) else [])
    )


def _named(owner: dict[str, Any], field: str, where: str) -> str:
    return a_name(owner.get(field), f"{where}.{field}")


def _variant(owner: dict[str, Any], where: str) -> str:
    """The framework, with its variant where it has one."""
    framework = owner.get("framework", owner.get("name"))
    if not isinstance(framework, str):
        raise Odd(f"{where}.framework", framework, "names no framework", "a file as the tool wrote it")
    variant = owner.get("variant")
    return a_name(f"{framework}::{variant}" if isinstance(variant, str) and variant else framework, where)


def _note(found: Found, words: str) -> None:
    if words not in found.notes:
        found.notes.append(words)


READER = Reader("http-harness", _looks_like, _read)
