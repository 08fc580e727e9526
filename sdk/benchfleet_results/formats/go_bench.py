"""`go test -bench`: a line of text for each run. `-count=N` writes N lines of one name: N samples.

The format is Go's own (golang.org/design/14313-benchmark-format): a name, the iterations, then pairs of value and unit.
"""

import math
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from benchfleet_results.formats.found import About, Better, Found, a_name
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import Source, require_size
from benchfleet_results.formats.values import Odd, a_number

_LINE = re.compile(r"^Benchmark(\S+)[ \t]+(\d{1,18})[ \t]+(.+)$", re.ASCII)
_FAILED = re.compile(r"^\s*--- FAIL: Benchmark(\S+)$", re.ASCII)
_FACT = re.compile(r"^(goos|goarch|pkg|cpu): (.*)$")
_PROCS = re.compile(r"^(.*)-([1-9]\d{0,4})$", re.ASCII)  # GOMAXPROCS stands behind each name, unless it is 1
_UNITS = {  # Go's unit → metric, unit
    "ns/op": ("time", "ns"),
    "B/op": ("memory", "bytes"),
    "allocs/op": ("allocations", "count"),
    "MB/s": ("throughput", "MB/s"),
}
_HEAD_CHARS = 64 * 1024


class _Run(NamedTuple):
    where: str
    package: str
    name: str
    iterations: int
    pairs: tuple[str, ...]


def _looks_like(source: Source) -> bool:
    return any(_LINE.match(line) and "/op" in line for line in source.text[:_HEAD_CHARS].splitlines())


def _read(source: Source, found: Found) -> None:
    require_size(len(source.raw))
    runs, facts = list[_Run](), dict[str, str]()
    package, said = "", ""  # the line before a failure's reason
    for number, line in enumerate(source.text.splitlines(), start=1):
        if fact := _FACT.match(line):
            facts[fact[1]] = fact[2].strip()
            package = facts.get("pkg", package)
        elif match := _LINE.match(line.rstrip()):
            runs.append(_Run(f"line {number}", package, match[1], int(match[2]), tuple(match[3].split())))
        if said:
            found.fail(said, line.strip() or "no reason given")
        failed = _FAILED.match(line)
        said = failed[1] if failed else ""
    _add_all(runs, found)
    found.about = About(
        cpu_model=facts.get("cpu") or None, architecture=facts.get("goarch"), operating_system=facts.get("goos")
    )


def _add_all(runs: Sequence[_Run], found: Found) -> None:
    several_packages = len({run.package for run in runs}) > 1
    split = _splits({run.name for run in runs})
    several_procs = len({procs for _, procs in split.values()}) > 1  # `-cpu 1,2`
    for run in runs:
        with found.item(run.where, run.name):
            name, procs = split[run.name]
            full = f"{run.package}.{name}" if several_packages and run.package else name
            _add(run, a_name(full, run.where), f"procs-{procs}" if several_procs else "default", found)


def _splits(names: set[str]) -> dict[str, tuple[str, str]]:
    """Name → name without its GOMAXPROCS, and that. With GOMAXPROCS=1 there is none: the `10` of `size-10` is a name's.

    So an ending counts where the name stands without it, too (`-cpu 1,2`); else where all names have the same endings.
    """
    matches = {name: match for name in names if (match := _PROCS.match(name))}
    bare = {match[1] for match in matches.values()} & names
    if bare:
        chosen = {name: match for name, match in matches.items() if match[1] in bare}
    else:
        chosen = matches if len(matches) == len(names) and _alike(matches.values()) else {}
    return {name: (chosen[name][1], chosen[name][2]) if name in chosen else (name, "1") for name in names}


def _alike(matches: Collection[re.Match[str]]) -> bool:
    """One ending, or several that each of several names has (`-cpu 2,4`)."""
    endings, bases = {match[2] for match in matches}, {match[1] for match in matches}
    return len(endings) == 1 or (len(bases) > 1 and len(matches) == len(endings) * len(bases))


def _add(run: _Run, name: str, variant: str, found: Found) -> None:
    if len(run.pairs) % 2:
        raise Odd(run.where, " ".join(run.pairs), "has a value without a unit", "a line as `go test` wrote it")
    for text, unit in zip(run.pairs[::2], run.pairs[1::2], strict=True):
        value = _value(text, run.where)
        metric, plain = _UNITS.get(unit, (unit, unit))
        better: Better = "higher" if unit.endswith("/s") else "lower"  # as Go's own benchstat takes it
        raw = value * run.iterations * 1e-9 if unit == "ns/op" else None
        found.add(name, [value], variant=variant, metric=metric, unit=plain, better=better, shortest_raw_s=raw)


def _value(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    return a_number(value, f"{where}: {text[:40]!r}")


READER = Reader("go-bench", _looks_like, _read)
