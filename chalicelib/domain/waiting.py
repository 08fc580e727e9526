"""For how long tasks have waited for a runner. Pure.

A pending task waits for a *runner* while none works on its instance type: then its wait began with the run, or with the last
change of a counter. Behind tasks that are being worked on it waits for its turn, which no alarm should tell of.
"""

from benchfleet_contract.states import TaskStatus

from chalicelib.domain.counting import Counts
from chalicelib.domain.records import Demand, Run
from chalicelib.domain.transitions import IN_FLIGHT


def longest_wait_ms(run: Run, counts: Counts, *, now_ms: int) -> int:
    """0 where no task of an open run waits for a runner."""
    if not run.is_open:
        return 0
    return max((_wait_ms(run, demand, counts, now_ms) for demand in run.demands), default=0)


def _wait_ms(run: Run, demand: Demand, counts: Counts, now_ms: int) -> int:
    groups = run.groups_of(demand)
    pending = sum(counts.of(TaskStatus.PENDING, ordinal) for ordinal, _ in groups)
    working = sum(counts.of(status, ordinal) for ordinal, _ in groups for status in IN_FLIGHT)
    if not pending or working:
        return 0
    has_begun = pending < sum(group.total for _, group in groups)
    since_ms = max(run.created_ms, counts.changed_ms) if has_begun else run.created_ms
    return max(0, now_ms - since_ms)
