"""What became of the machines that the control plane brings, as findings."""

from collections.abc import Iterator

from benchfleet_contract.launches import LaunchFailure, LaunchView

from benchfleet.explaining.document import Finding
from benchfleet.explaining.scene import Scene, count, verb
from benchfleet.watch.groups import Demand
from benchfleet.watch.machines import OPEN, demand, name_words, state_words

_TOLD = 5  # machines of a finding


def machines(scene: Scene) -> Iterator[Finding]:
    """One finding for each instance type and kind of failure. It is no problem where another machine has come in its place."""
    failed: dict[tuple[Demand, str], list[LaunchView]] = {}
    for launch in scene.launches:
        if launch.failure and launch.state in ("failed", "wanted"):
            failed.setdefault((demand(launch), launch.failure.code), []).append(launch)
    for (kind, _), launches in failed.items():
        if failure := launches[-1].failure:
            yield _failed(scene, kind, launches, failure)


def _failed(scene: Scene, kind: Demand, launches: list[LaunchView], failure: LaunchFailure) -> Finding:
    working = any(each.state in ("starting", "running") for each in machines_of(scene, kind))
    waits = all(launch.state == "wanted" for launch in launches)
    what = verb(len(launches), "waits", "wait") if waits else "failed"
    is_made_good = working or waits or (failure.code == "interrupted" and scene.run.status.is_over)
    return Finding(
        kind="machine_failed", weight="waiting" if is_made_good else "problem", **kind._asdict(),
        words=f"{count(len(launches), 'machine')} for {kind} {what}: {failure.code}: {failure.message}",
        since=min((each.ended_at for each in launches if each.ended_at), default=None),
        details=[f"{name_words(launch)}: {state_words(launch)}" for launch in launches[:_TOLD]],
        remedy=failure.remedy,
    )  # fmt: skip


def machines_of(scene: Scene, kind: Demand) -> list[LaunchView]:
    """Those that are of use to this demand: all that are open, else those that failed."""
    mine = [launch for launch in scene.launches if demand(launch) == kind]
    return [launch for launch in mine if launch.state in OPEN] or mine
