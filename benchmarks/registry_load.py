"""A thousand executors that beat through an emulator: at which interval does this machine serve them, with nobody called stale?

python -m benchmarks registry_load
"""

import math
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.child_cpu import ROOT
from benchmarks.emulator_process import Running, running
from benchmarks.lives import Plane
from benchmarks.metric import Metric
from benchmarks.registry_costs import body

EMULATOR = (sys.executable, "-m", "local_emulator", "--port", "0")
EXECUTORS, CLIENTS, PILOT = 1_000, 8, 200
ROOM = 1.5  # an interval is so much longer than one round of heartbeats takes
INTERVALS = 4  # that are watched
ANNOUNCED_WITHIN = 6  # intervals: after ten, whoever announced itself first would be gone


@dataclass
class Crowd:
    """Executors of one client, which beat in turn."""

    plane: Plane
    names: Sequence[str]
    generations: dict[str, int] = field(default_factory=dict)
    sequence: int = 0

    def announce(self, interval_s: float) -> None:
        for name in self.names:
            sent = body(name, 1, heartbeat_interval_s=interval_s)
            self.generations[name] = self.plane.post("/executors", sent)["generation"]

    def beat(self) -> None:
        """Each once."""
        self.sequence += 1
        for name in self.names:
            sent = {"generation": self.generations[name], "sequence": self.sequence, "load": {"active": 1}}
            self.plane.post(f"/executors/{name}/heartbeat", sent)

    def beat_on(self, interval_s: float, until: float) -> None:
        while time.monotonic() < until:
            began = time.monotonic()
            self.beat()
            time.sleep(max(0.0, interval_s - (time.monotonic() - began)))


def metrics() -> list[dict[str, Any]]:
    """Takes a minute or two."""
    with running(EMULATOR, folder=ROOT) as emulator:
        interval_s = _interval_s(emulator)
    with running(EMULATOR, folder=ROOT) as emulator:
        stale, seen = _watched(emulator, interval_s)
    how = f"{EXECUTORS:,} executors, {CLIENTS} clients, an emulator of its own process, {INTERVALS} intervals of {interval_s} s"
    return [
        Metric("interval at which 1,000 executors are served here", interval_s, "s", None, how).as_dict(),
        Metric("executors falsely called stale", stale, "executors", 0, f"{how}; most of {seen} looks").as_dict(),
    ]


def _interval_s(emulator: Running) -> int:
    """From how long a few take. At least one second: no shorter interval may be announced."""
    with closing(Plane(emulator.ready)) as plane:
        plane.post("/executors", body("warm", 1))
    announced_s, beaten_s = _all_of(emulator, PILOT, 300.0)
    share = EXECUTORS / PILOT
    return max(1, math.ceil(max(ROOM * beaten_s * share, announced_s * share / ANNOUNCED_WITHIN)))


def _all_of(emulator: Running, executors: int, interval_s: float) -> tuple[float, float]:
    """Seconds until all have announced themselves, and until all have beaten once more."""
    crowds = _crowds(emulator, executors)
    began = time.monotonic()
    _at_once([lambda each=each: each.announce(interval_s) for each in crowds])
    announced = time.monotonic()
    _at_once([each.beat for each in crowds])
    return announced - began, time.monotonic() - announced


def _watched(emulator: Running, interval_s: float) -> tuple[int, int]:
    """The most executors that were called stale at a time, and how often that was asked. From the second round on."""
    crowds = _crowds(emulator, EXECUTORS)
    _at_once([lambda each=each: each.announce(interval_s) for each in crowds])
    _at_once([each.beat for each in crowds])
    until = time.monotonic() + INTERVALS * interval_s
    seen: list[int] = []
    looking = threading.Thread(target=_look, args=(emulator, until, seen))
    looking.start()
    _at_once([lambda each=each: each.beat_on(interval_s, until) for each in crowds])
    looking.join()
    return max(seen), len(seen)


def _look(emulator: Running, until: float, seen: list[int]) -> None:
    headers = {"Authorization": f"Bearer {emulator.ready['keys']['admin']}"}
    with httpx.Client(base_url=emulator.ready["api_url"], headers=headers, timeout=60, trust_env=False) as http:
        while time.monotonic() < until:
            told = http.get("/registry/stats").raise_for_status().json()
            seen.append(told["stale_executors"] + EXECUTORS - told["total_executors"])
            time.sleep(0.5)


def _crowds(emulator: Running, executors: int) -> list[Crowd]:
    names = [f"crowd-{number:04}" for number in range(executors)]
    return [Crowd(Plane(emulator.ready), names[first::CLIENTS]) for first in range(CLIENTS)]


def _at_once(calls: Sequence[Any]) -> None:
    """Raises RuntimeError if one of them failed."""
    done: list[None] = []
    threads = [threading.Thread(target=lambda call=call: done.append(call())) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(done) != len(calls):
        raise RuntimeError(f"{len(calls) - len(done)} of {len(calls)} clients failed")
