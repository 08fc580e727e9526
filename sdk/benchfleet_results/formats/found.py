"""What a file held: measurements, failures, and what it says of where they come from."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from benchfleet_contract.bounds import MAX_FAILURES, MAX_MEASUREMENTS, MAX_NAME_CHARS, MAX_SAMPLES
from benchfleet_contract.problems import Problem
from benchfleet_contract.results import BenchmarkFailure, Measurement, Output

from benchfleet_results.formats.source import FormatError
from benchfleet_results.formats.values import Odd, a_text

Better = Literal["lower", "higher"]
_MOST_TOLD = 1_000  # problems of one file: each has a sentence
_REASON_CHARS = 500


@dataclass(frozen=True)
class About:
    """What a file says of machine, versions and date. None and empty: it does not.

    `host` is the machine's name for itself, `commit` that of the measured program. Times are ISO 8601 UTC; a tool that
    writes no time zone is taken to mean UTC.
    """

    host: str | None = None
    cpu_model: str | None = None
    logical_cores: int | None = None
    memory_bytes: int | None = None
    architecture: str | None = None
    kernel: str | None = None
    operating_system: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    commit: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    build: Mapping[str, str] = field(default_factory=dict)


class _Key(NamedTuple):
    benchmark: str
    variant: str
    metric: str
    unit: str
    better: Better


@dataclass
class _Values:
    samples: list[float] = field(default_factory=list)
    warmup: list[float] = field(default_factory=list)
    shortest_raw_s: float | None = None


@dataclass
class Found:
    """Filled by a reader. `notes` are for people: what was left out of the file, and why."""

    workload: str = "command"
    about: About = field(default_factory=About)
    failures: list[BenchmarkFailure] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _values: dict[_Key, _Values] = field(default_factory=dict)
    _count: int = 0

    def add(
        self,
        benchmark: str,
        samples: Sequence[float],
        *,
        variant: str = "default",
        metric: str = "time",
        unit: str = "s",
        better: Better = "lower",
        warmup: Sequence[float] = (),
        shortest_raw_s: float | None = None,
    ) -> None:
        """More samples of a benchmark. `shortest_raw_s`: its shortest timed interval, before a division by loops.

        Raises FormatError beyond the bounds of an output.json, Odd for what no output.json can hold: a quotient that is no
        finite number, a unit that is no valid Unicode.
        """
        for name in filter(None, (benchmark, variant, metric, unit)):
            a_name(name, "the name or the unit")
        if not all(map(math.isfinite, (*samples, *warmup, shortest_raw_s or 0.0))):
            raise Odd("a value", float("inf"), "is no finite number", "measure it again")
        key = _Key(benchmark, variant, metric, unit, better)
        values = self._values.setdefault(key, _Values())
        values.samples += samples
        values.warmup += warmup
        raw = [each for each in (values.shortest_raw_s, shortest_raw_s) if each is not None]
        values.shortest_raw_s = min(raw, default=None)
        self._count += len(samples) + len(warmup)
        if self._count > MAX_SAMPLES or len(self._values) > MAX_MEASUREMENTS:
            raise FormatError(
                f"it holds more than {MAX_SAMPLES} samples or {MAX_MEASUREMENTS} measurements: split the file"
            )

    def fail(self, benchmark: str, reason: str, *, variant: str = "default") -> None:
        """A benchmark of which the file itself says that it gave no result."""
        if len(self.failures) < MAX_FAILURES:
            told = reason.encode(errors="replace").decode()  # JSON can escape what no file can hold
            why = " ".join(told.split())[:_REASON_CHARS] or "no reason given"
            self.failures.append(BenchmarkFailure(benchmark=benchmark, variant=variant, reason=why))

    @contextmanager
    def item(self, where: str, name: object = None) -> Iterator[None]:
        """Around one benchmark: an odd value in it is told, and costs this one only."""
        try:
            yield
        except Odd as odd:
            if len(self.problems) < _MOST_TOLD:
                self.problems.append(odd.problem)
            plain = name[:MAX_NAME_CHARS].encode(errors="replace").decode() if isinstance(name, str) else ""
            self.fail(plain or where, f"cannot be read: {odd.problem.message}")

    def output(self) -> Output:
        """Of what has samples; the others are among the failures."""
        measurements = [_measurement(key, values) for key, values in self._values.items() if values.samples]
        empty = [_empty(key) for key, values in self._values.items() if not values.samples]
        return Output(workload=self.workload, measurements=measurements, failures=[*self.failures, *empty])


def _measurement(key: _Key, values: _Values) -> Measurement:
    return Measurement(
        **key._asdict(), samples=values.samples, warmup=values.warmup, shortest_raw_s=values.shortest_raw_s
    )


def _empty(key: _Key) -> BenchmarkFailure:
    return BenchmarkFailure(benchmark=key.benchmark, variant=key.variant, reason="has no samples")


def a_name(value: object, where: str) -> str:
    """Raises Odd for a name that no file and no message can hold."""
    text = a_text(value, where)
    if len(text) > MAX_NAME_CHARS:
        raise Odd(where, text, f"has {len(text)} characters, at most {MAX_NAME_CHARS} are allowed", "a shorter name")
    if text.encode(errors="replace").decode() != text:
        raise Odd(where, text.encode(errors="replace").decode(), "is no valid Unicode", "a name in UTF-8")
    return text


def utc(text: str | None) -> str | None:
    """An ISO 8601 time as UTC with whole seconds; None for what is none."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return None if moment is None else of_moment(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def of_moment(moment: datetime) -> str | None:
    try:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError):
        return None


def of_milliseconds(count: int | None) -> str | None:
    """Of the Unix epoch."""
    try:
        return of_moment(datetime.fromtimestamp(count / 1000, UTC)) if count else None
    except (OverflowError, ValueError, OSError):
        return None
