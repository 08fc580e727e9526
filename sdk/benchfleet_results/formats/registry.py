"""Which reader a file needs. A module is imported when it is asked for."""

from importlib import import_module

from benchfleet_results.formats.found import Found
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import FormatError, Source
from benchfleet_results.formats.values import Odd

_MODULES = {  # name → module; the order in which they look at a file
    "benchfleet": "own",
    "ruby-bench": "ruby_bench",
    "pytest-benchmark": "pytest_benchmark",
    "google-benchmark": "google_benchmark",
    "pyperf": "pyperf",
    "hyperfine": "hyperfine",
    "asv": "asv",
    "jmh": "jmh",
    "criterion": "criterion",
    "junit": "junit",
    "go-bench": "go_bench",
    "http-harness": "http_harness",
}
NAMES = tuple(_MODULES)


def reader(name: str) -> Reader:
    """Raises FormatError for a name that is none."""
    if name not in _MODULES:
        raise FormatError(f"format {name!r} is unknown, must be one of {', '.join(NAMES)}")
    found = import_module(f"{__package__}.{_MODULES[name]}").READER
    if not isinstance(found, Reader):
        raise TypeError(f"{name}: READER is {type(found).__name__}, must be a Reader")
    return found


def recognised(source: Source) -> Reader:
    """The reader of a file by its content. Raises FormatError if nobody knows it."""
    for name in NAMES:
        if (found := reader(name)).looks_like(source):
            return found
    raise FormatError(f"its format is not recognised; known are {', '.join(NAMES)}: name it, if it is one of these")


def read(source: Source, name: str | None = None) -> tuple[str, Found]:
    """The format's name and what the file holds. Raises FormatError with every problem, if not a single benchmark can
    be read."""
    chosen = reader(name) if name else recognised(source)
    found = Found()
    try:
        chosen.read(source, found)
    except Odd as odd:
        raise FormatError(f"it cannot be read as {chosen.name}: {odd.problem.message}", [odd.problem]) from odd
    if not found.output().measurements:
        raise FormatError(_nothing(chosen.name, found), found.problems)
    return chosen.name, found


def _nothing(name: str, found: Found) -> str:
    """Why there is no number in it."""
    if found.problems:
        return f"not one benchmark can be read as {name}"
    reasons = "; ".join(f"{lost.benchmark}: {lost.reason}" for lost in found.failures[:3])
    more = f" and {len(found.failures) - 3} more" if len(found.failures) > 3 else ""
    return f"it holds no measurement of {name}" + (f": {reasons}{more}" if reasons else "")
