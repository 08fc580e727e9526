"""Why a run with a target precision took no more tasks, in words."""

from benchfleet_contract.runs import GroupStop, RunDetail, RunPrecision
from benchfleet_contract.states import RunStatus, StopReason


def not_needed(run: RunDetail) -> int:
    """Tasks that were cancelled by design: enough was known without them. In a run that was stopped nobody can tell."""
    return run.tasks.cancelled if run.precision and run.status != RunStatus.CANCELLED else 0


def missing(run: RunDetail) -> int:
    """Tasks that were wanted and did not complete."""
    return run.tasks.total - run.tasks.completed - not_needed(run)


def goal_words(precision: RunPrecision) -> str:
    """`±1 % in 10 to 40 tasks and 600 s`"""
    within = f" and {precision.max_time_s:,} s" if precision.max_time_s else ""
    return f"±{percent(precision.target)} in {precision.pilot} to {precision.max_tasks:,} tasks{within}"


def stop_words(precision: RunPrecision) -> list[str]:
    """A sentence for each group of which no more tasks are handed out."""
    return [_of(stop, precision) for stop in precision.stops]


def percent(share: float) -> str:
    """0.0123 as `1.2 %`: two digits."""
    return f"{share * 100:.2g} %" if share < 1 else f"{share * 100:.0f} %"


def _of(stop: GroupStop, precision: RunPrecision) -> str:
    who = f"{stop.provider}/{stop.instance_type}" + (f", {stop.subject}" if stop.subject else "")
    known = "no interval" if stop.half_width is None else f"±{percent(stop.half_width)}"
    done = f"{stop.tasks} task{'' if stop.tasks == 1 else 's'} measured"
    if stop.reason == StopReason.PRECISION:
        return f"{who}: target precision of ±{percent(precision.target)} reached with {done} ({known})"
    why = f"max_tasks ({precision.max_tasks:,})"
    if stop.reason == StopReason.TIME:
        why = f"max_time_s ({precision.max_time_s or 0:,})"
    return f"{who}: target precision of ±{percent(precision.target)} not reached; {why} ended it with {done} ({known})"
