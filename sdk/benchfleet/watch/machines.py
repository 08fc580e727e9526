"""Machines that the control plane brings, in words: for live progress, `runs show` and `runs explain`."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from benchfleet_contract.launches import LaunchView

from benchfleet.watch.groups import Demand

OPEN = frozenset({"wanted", "starting", "running", "ending"})
MOST_TOLD = 20  # machines of which progress tells each change; beyond that it tells how many there are


def demand(launch: LaunchView) -> Demand:
    return Demand(launch.provider, launch.instance_type)


def name_words(launch: LaunchView) -> str:
    """`bf-1a2b3c4d-1 (aws/c8g.medium, eu-north-1a, spot)`."""
    market = "spot" if launch.market == "spot" else ""
    told = (str(demand(launch)), launch.zone or launch.region or "", market)
    return f"{launch.name} ({', '.join(part for part in told if part)})"


def state_words(launch: LaunchView) -> str:
    """`starting`, `running, image: pulling`, `failed: quota: …`."""
    if launch.failure and launch.state in ("failed", "wanted", "ending"):
        word = "waits" if launch.state == "wanted" else launch.state
        return f"{word}: {launch.failure.code}: {launch.failure.message}"
    if launch.phase and launch.state in ("starting", "running") and launch.phase not in ("runner", "ended"):
        return f"{launch.state}, {launch.phase}" + (f": {launch.message}" if launch.message else "")
    return launch.state


def is_coming(launch: LaunchView) -> bool:
    """Is it on its way, and has no runner yet?"""
    gets_ready = launch.phase in ("boot", "docker", "key", "image") or launch.called_home_at is None
    return launch.state in ("wanted", "starting") or (launch.state == "running" and gets_ready)


@dataclass
class MachineNews:
    """What has changed since it was told last."""

    _told: dict[str, str] = field(default_factory=dict)

    def of(self, launches: Iterable[LaunchView]) -> list[str]:
        """A line for each machine whose state has changed, with the remedy where it failed."""
        lines = []
        for launch in list(launches)[:MOST_TOLD]:
            words = state_words(launch)
            if self._told.get(launch.name) == words:
                continue
            self._told[launch.name] = words
            remedy = f"; {launch.failure.remedy}" if launch.failure and launch.state == "failed" else ""
            lines.append(f"machine {name_words(launch)}: {words}{remedy}")
        return lines
