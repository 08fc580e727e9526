"""`make bench`: measures every topic, prints one table, writes `benchmarks/results.json`. Exit 1 if a limit is exceeded.

`python -m benchmarks TOPIC...` measures some, and with `--keep` writes them beside what was measured of the others before.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.metric import Metric

KEEP = "--keep"
RESULTS = Path(__file__).parent / "results.json"
TOPICS = {
    "requests_per_lifecycle": "requests and write units of a task",
    "requests_per_claim": "requests of a claim",
    "requests_per_heartbeat": "requests and write units of a heartbeat",
    "requests_per_status_read": "requests and read units of a status read",
    "registry_costs": "requests, write units and bytes of executors",
    "registry_load": "a thousand executors that beat",
    "llm_streams": "timing of streamed tokens",
    "llm_tools": "other tools that time streamed tokens",
    "fleet_quota": "runners that share a provider's limit",
    "fleet_aggregation": "putting a fleet's results together",
    "import_cost": "import of the app",
    "version_start": "start of the command line",
    "emulator_start": "start of the emulator",
    "emulator_load": "CPU of an emulator under load",
    "http_load": "load on HTTP servers that can be believed",
    "http_overhead": "what the harness of HTTP benchmarks adds to bare load",
    "one_task": "wakes while one task measures",
    "report_inference": "how often the report is right",
    "aa_runs": "real runs of the same thing",
    "archive_memory": "memory of building an archive",
    "sequential_stopping": "coverage of runs with a target precision",
    "history_steps": "steps found in histories",
    "package_size": "size of the deployment package",
}

Measured = dict[str, Any]


def main(names: Sequence[str]) -> int:
    """`names` picks topics; none: all. `results.json` is written for all of them, and with `--keep`: the others stay."""
    keep, names = KEEP in names, [name for name in names if name != KEEP]
    unknown = set(names) - TOPICS.keys()
    if unknown:
        print(f"no such topic: {', '.join(sorted(unknown))}; there are {', '.join(TOPICS)}", file=sys.stderr)
        return 2
    progress = Console(stderr=True)
    measured = [metric for name in names or TOPICS for metric in _with_progress(name, console=progress)]
    Console(width=None if sys.stdout.isatty() else 160).print(table(measured))
    if keep or not names:
        write(merged(known(RESULTS), measured) if keep else measured, path=RESULTS)
    return 0 if all(metric["ok"] for metric in measured) else 1


def _with_progress(name: str, *, console: Console) -> list[Measured]:
    """Shows on a terminal what is being measured; says nothing in a pipe."""
    if not console.is_terminal:
        return list(measure(name))
    with console.status(f"measuring {TOPICS[name]}"):
        return list(measure(name))


def measure(name: str, *, load: Callable[[str], Any] = import_module) -> Iterator[Measured]:
    """The metrics of one topic. A topic that cannot be measured here becomes one that is not ok, and the rest go on."""
    of = {"topic": name, "on": datetime.now(UTC).date().isoformat()}
    try:
        for metric in load(f"benchmarks.{name}").metrics():
            yield {**metric, **of}
    except Exception as failure:
        how = f"not measured: {type(failure).__name__}: {failure}"
        yield {**Metric(TOPICS[name], None, "", None, how).as_dict(), **of}


def merged(before: Sequence[Measured], now: Sequence[Measured]) -> list[Measured]:
    """What was measured now replaces all that is known of its topics, in the order of the topics."""
    anew = {metric["topic"] for metric in now}
    every = [*(metric for metric in before if metric["topic"] not in anew), *now]
    return sorted(every, key=lambda metric: [*TOPICS].index(metric["topic"]))


def known(path: Path) -> list[Measured]:
    """Of topics that there still are; nothing where there is no file."""
    found: list[Measured] = json.loads(path.read_text())["metrics"] if path.exists() else []
    return [metric for metric in found if metric["topic"] in TOPICS]


def table(measured: Sequence[Measured]) -> Table:
    drawn = Table("metric", title="benchfleet, measured by itself")
    for column in ("before", "value", "limit"):
        drawn.add_column(column, justify="right")
    for column in ("unit", "ok", "how"):
        drawn.add_column(column)
    for metric in measured:
        verdict = "[green]yes" if metric["ok"] else "[red]no"
        numbers = [_told(metric[column]) for column in ("before", "value", "limit")]
        drawn.add_row(metric["name"], *numbers, metric["unit"], verdict, metric["how"])
    return drawn


def _told(number: float | None) -> str:
    return "-" if number is None else f"{number:g}"


def write(measured: Sequence[Measured], *, path: Path) -> None:
    """Writes all or nothing: a reader never sees half a file."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"metrics": list(measured)}, indent=2) + "\n")
    os.replace(partial, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
