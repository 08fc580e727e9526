"""`GET /runs/{id}` must cost the same for a small run and for a large one: counters, not counting."""

from typing import Any

from benchmarks.metric import Metric
from benchmarks.subject import Subject, subject

SMALL, LARGE, READS = 10, 10_000, 10


def metrics() -> list[dict[str, Any]]:
    with subject() as under:
        small, large = (_cost(under, tasks=tasks) for tasks in (SMALL, LARGE))
        heavy = _cost(under, tasks=LARGE, heavy=True)
    how = f"mean of {READS} GET /runs/{{id}}"
    return [
        Metric(f"requests per status read, {SMALL} tasks", small[0], "requests", 2, how).as_dict(),
        Metric(f"requests per status read, {LARGE:,} tasks", large[0], "requests", small[0], how).as_dict(),
        Metric(f"read units per status read, {SMALL} tasks", small[1], "RCU", 2, how).as_dict(),
        Metric(f"read units per status read, {LARGE:,} tasks", large[1], "RCU", small[1], how).as_dict(),
        Metric("read units per status read, 4 KB of options", heavy[1], "RCU", small[1], how).as_dict(),
    ]


def _cost(under: Subject, *, tasks: int, heavy: bool = False) -> tuple[float, float]:
    """Requests and read units per read of a run with so many tasks."""
    run_id = under.create_run(tasks=tasks, heavy=heavy)
    under.meter.reset()
    for _ in range(READS):
        under.http.get(f"/runs/{run_id}").raise_for_status()
    return under.meter.total() / READS, under.meter.read_units / READS
