"""A run is followed to its archive, and no longer than was allowed."""

from collections.abc import Callable, Iterator, Sequence
from typing import Self

import pytest
from benchfleet.client import Client
from benchfleet.exceptions import BenchfleetError, TimedOut
from benchfleet.following import POLL_EVERY_S, follow
from benchfleet_contract.runs import RunDetail
from benchfleet_contract.tasks import Task


def detail(status: str, archive: str) -> RunDetail:
    return RunDetail.model_validate(
        {
            "run_id": "7",
            "status": status,
            "ruby_version": None,
            "per_instance_type": {"tasks": 1},
            "tasks": {},
            "gzip_url": None,
            "created_at": "2026-01-01T00:00:00Z",
            "completed_at": None,
            "deadline_at": "2026-01-02T00:00:00Z",
            "reason": None,
            "workload": "mock",
            "workload_options": {},
            "metadata": {},
            "archive": {"state": archive},
            "groups": [],
        }
    )


class Story(Client):
    """Tells one state of the run after the other; the last one stays. Time passes only by sleeping."""

    def __init__(self, *states: tuple[str, str]) -> None:
        self._states = list(states)
        self.now_s = 0.0
        self.shown: list[str] = []

    def __enter__(self) -> Self:
        return self

    def run(self, run_id: str) -> RunDetail:
        return detail(*(self._states.pop(0) if len(self._states) > 1 else self._states[0]))

    def tasks(self, run_id: str) -> Iterator[Task]:
        return iter(())

    def note(self, text: str) -> None: ...

    def show(self, run: RunDetail, tasks: Sequence[Task]) -> None:
        self.shown.append(run.status.value)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def follow(self, check: Callable[[], None] = lambda: None) -> RunDetail:
        return follow(self, "7", display=self, check=check, timeout_s=10.0, clock=lambda: self.now_s, sleep=self.sleep)


def test_waits_for_the_archive_and_not_only_for_the_tasks() -> None:
    story = Story(("running", "none"), ("running", "building"), ("completed", "building"), ("completed", "ready"))
    assert story.follow().archive.state == "ready"
    assert story.shown == ["running", "running", "completed", "completed"]
    assert story.now_s == 3 * POLL_EVERY_S


@pytest.mark.parametrize("ending", [("failed", "failed"), ("cancelled", "ready"), ("failed", "ready")])
def test_any_ending_is_an_ending(ending: tuple[str, str]) -> None:
    assert (found := Story(ending).follow()).status == ending[0]
    assert found.archive.state == ending[1]


def test_gives_up_after_the_time_allowed() -> None:
    story = Story(("running", "none"))
    with pytest.raises(TimedOut, match="run 7 is running, its archive none, after 10 s"):
        story.follow()
    assert story.now_s == 10.0


def test_a_dead_runner_ends_the_wait() -> None:
    def check() -> None:
        raise BenchfleetError("the runner ended")

    with pytest.raises(BenchfleetError, match="the runner ended"):
        Story(("running", "none")).follow(check=check)
