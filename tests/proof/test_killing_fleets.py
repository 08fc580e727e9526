"""A runner dies in the middle of a shard: another takes it up, sends what is missing and nothing else; all totals are right."""

import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local_emulator.config import EmulatorConfig, Keys, Ready
from tests.integration.emulator_process import Running
from tests.proof.doors import Moment, doors
from tests.proof.fleet_world import PATIENCE_S, Fleet, assert_right, begin, fleet_runner
from tests.proof.storm import wait_until
from tests.proof.world import World, world
from tests.providers import Behaviour, Providers, serving

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]

TESTS, AT_ONCE, TOKENS = 24, 4, 4
ANSWER_S = 0.25
HEARD_S = 2.5  # a stop, by who keeps outcomes; results are made before that
UNKEPT_S = 2.0  # chunks are kept every half second; a busy machine takes its time


@pytest.fixture(scope="module")
def here() -> Iterator[World]:
    with world(EmulatorConfig(sweep_every_s=0.5)) as made:
        yield made


@pytest.fixture(scope="module")
def providers() -> Iterator[Providers]:
    with serving(Providers(Behaviour(ttft_s=ANSWER_S, tokens=TOKENS))) as server:
        yield server


@dataclass
class Reaper:
    """Kills a runner at the n-th request that matches: before it is passed on, or when its response is there."""

    moment: Moment
    request: str
    nth: int
    dead: threading.Event = field(default_factory=threading.Event)
    runner: "subprocess.Popen[bytes] | None" = None
    _seen: int = 0

    def __call__(self, moment: Moment, request: str, body: bytes) -> None:
        if self.dead.is_set():
            raise ConnectionError  # nothing of the dead arrives
        if moment != self.moment or not re.search(self.request, request):
            return
        self._seen += 1
        if self._seen == self.nth and self.runner:
            self.dead.set()
            self.runner.kill()
            self.runner.wait()
            raise ConnectionError


POINTS: dict[str, tuple[Moment, str, int]] = {
    "the shard is claimed": ("after", r"/tasks/claim$", 1),
    "the shard is read": ("after", r"GET /fleets/runs/[^/]+/shards/1$", 1),
    "leave to send is asked for": ("before", r"/leases$", 1),
    "leave to send is given": ("after", r"/leases$", 1),
    "the first outcomes have their place": ("after", r"/journal$", 1),
    "the first outcomes are about to be kept": ("before", r"PUT .*/journal/", 1),
    "the first outcomes are kept": ("after", r"PUT .*/journal/", 1),
    "some are kept, others not": ("before", r"PUT .*/journal/", 2),
    "the result is about to be uploaded": ("before", r"PUT .*/results/", 1),
    "the result is uploaded": ("after", r"PUT .*/results/", 1),
    "the end is about to be told": ("before", r"/complete$", 1),
    "the end is told": ("after", r"/complete$", 1),
}
ANSWERED = {f"{answered} are answered": answered for answered in (0, 1, TESTS // 2, TESTS - AT_ONCE)}


@dataclass(frozen=True)
class Life:
    """A fleet whose runner was killed at `died`: what was kept then, and how often each test had been sent."""

    fleet: Fleet
    died: float
    kept: set[str]
    before: Counter[str]


def killed_at_a_door(here: World, fleet: Fleet, folder: Path, reaper: Reaper) -> None:
    with (
        doors(here.ready.api_url, here.ready.aws_endpoint_url, reaper) as door,
        fleet_runner(here.ready, fleet.run_id, folder, api_url=door.url) as runner,
    ):
        reaper.runner = runner
        assert reaper.dead.wait(PATIENCE_S), (folder / "log").read_text()


def killed_with_requests_out(here: World, fleet: Fleet, folder: Path, answered: int) -> None:
    with fleet_runner(here.ready, fleet.run_id, folder) as runner:
        assert wait_until(lambda: _out(fleet) and _answered(fleet) >= answered, within_s=60)
        runner.send_signal(signal.SIGKILL)
        runner.wait()


def _answered(fleet: Fleet) -> int:
    return sum(len(each.written) == TOKENS for _, each in fleet.asked)


def _out(fleet: Fleet) -> bool:
    return any(not each.written for _, each in fleet.asked)


@pytest.fixture(scope="module")
def lives(here: World, providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Life]:
    """One after another is killed; then one runner takes up what all of them left."""
    found = {}
    for point in [*POINTS, *ANSWERED]:
        fleet, folder = begin(here.ready, providers, tests=TESTS, concurrency=AT_ONCE), tmp_path_factory.mktemp("life")
        if point in POINTS:
            killed_at_a_door(here, fleet, folder, Reaper(*POINTS[point]))
        else:
            killed_with_requests_out(here, fleet, folder, ANSWERED[point])
        found[point] = Life(fleet, time.monotonic(), fleet.kept(here.s3), fleet.sent())
    with fleet_runner(here.ready, None, tmp_path_factory.mktemp("after")):
        for life in found.values():
            life.fleet.results(within_s=180)
    return found


@pytest.mark.parametrize("point", [*POINTS, *ANSWERED])
def test_a_runner_killed_when(lives: dict[str, Life], point: str) -> None:
    """What was kept is sent no second time. What is sent twice was at the provider, or had just come back."""
    life = lives[point]
    fleet, everything = life.fleet, {f"t{n}" for n in range(TESTS)}
    after = fleet.sent() - life.before
    assert life.kept <= set(life.before)
    assert set(after) == everything - life.kept
    assert set(fleet.sent().values()) <= {1, 2}
    twice = [each for key, each in fleet.asked if fleet.sent()[key] > 1 and each.at < life.died]
    assert all(len(each.written) < TOKENS or life.died - each.written[-1] < UNKEPT_S for each in twice)
    assert_right(fleet, fleet.results())


def test_a_runner_that_slept_through_its_lease_counts_nothing_twice(
    here: World, providers: Providers, tmp_path: Path
) -> None:
    fleet = begin(here.ready, providers, tests=TESTS, concurrency=AT_ONCE)
    with fleet_runner(here.ready, fleet.run_id, tmp_path / "one") as one:
        assert wait_until(lambda: _answered(fleet) >= TESTS // 2, within_s=60)
        one.send_signal(signal.SIGSTOP)
        with fleet_runner(here.ready, fleet.run_id, tmp_path / "two"):
            whole = fleet.results()
            one.send_signal(signal.SIGCONT)
            assert one.wait(60) == 0, (tmp_path / "one" / "log").read_text()
    assert_right(fleet, whole)
    assert fleet.results() == whole


def test_a_run_that_is_stopped_in_the_middle_skips_what_was_not_sent(
    here: World, providers: Providers, tmp_path: Path
) -> None:
    fleet = begin(here.ready, providers, tests=TESTS * 4, concurrency=AT_ONCE)
    with fleet_runner(here.ready, fleet.run_id, tmp_path / "one"):
        assert wait_until(lambda: _answered(fleet) >= TESTS // 2, within_s=60)
        fleet.stop()
        whole = fleet.results()
    sent = fleet.sent()
    assert set(sent.values()) == {1}
    assert TESTS // 2 <= len(sent) < fleet.tests
    tests = whole["repository_results"][0]["results"]["results"]
    answered = {test["test_id"] for test in tests if test["status"] == "success"}
    assert {test["status"] for test in tests if test["test_id"] not in answered} == {"skipped"}
    assert answered <= set(sent)
    assert len(sent) - len(answered) <= (HEARD_S / ANSWER_S + 2) * AT_ONCE
    assert_right(fleet, whole, skipped=fleet.tests - len(answered))


def test_a_control_plane_that_goes_away_and_comes_back_costs_no_test(providers: Providers, tmp_path: Path) -> None:
    """The same runner goes on, as the same attempt; nothing is sent twice."""
    flags = ("--state", str(tmp_path / "state"), "--sweep-every", "0.5")
    emulator = Running(tmp_path, *flags)
    ready = Ready(**{**emulator.ready, "keys": Keys(**emulator.ready["keys"])})
    ports = [url.rpartition(":")[2].rstrip("/") for url in (ready.api_url, ready.aws_endpoint_url)]
    fleet = begin(ready, providers, tests=TESTS, concurrency=AT_ONCE, lease_s=60)
    with fleet_runner(ready, fleet.run_id, tmp_path / "one"):
        assert wait_until(lambda: _answered(fleet) >= TESTS // 3, within_s=60)
        emulator.end()
        (tmp_path / "ready.json").unlink(missing_ok=True)
        emulator = Running(tmp_path, *flags, "--port", ports[0], "--aws-port", ports[1])
        whole = fleet.results()
    assert set(fleet.sent().values()) == {1}
    assert_right(fleet, whole)
    emulator.end()
