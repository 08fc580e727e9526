"""How often a run is looked at: soon after a change, then ever more seldom, and never so seldom that its end is seen late."""

from collections.abc import Callable

import pytest
from benchfleet.api.pacing import FIRST_PAUSE_S, GROWTH, JITTER, LONGEST_PAUSE_S, SILENT_PAUSE_S, STEADY_PAUSE_S, Pace
from benchfleet_contract.runs import RunDetail

from tests.each_case import each_case
from tests.unit.run_parts import HandClock, detail, group

WAITING, WORKING = detail(groups=[group(pending=1)]), detail(groups=[group(running=1)])
AT_MOST, AT_LEAST = lambda: 1.0, lambda: 0.0


class Watched:
    """A run that is looked at; `pauses` are the seconds between looks."""

    def __init__(self, random: Callable[[], float] = AT_MOST) -> None:
        self.clock = HandClock()
        self._pace = Pace(clock=lambda: self.clock.now_s, random=random)
        self.pauses: list[float] = []

    def look(self, run: RunDetail | None, times: int = 1) -> list[float]:
        for _ in range(times):
            self.pauses.append(self._pace.after(run))
            self.clock.sleep(self.pauses[-1])
        return self.pauses[-times:]

    def look_until(self, until_s: float, at: Callable[[float], RunDetail | None]) -> None:
        while self.clock.now_s < until_s:
            self.look(at(self.clock.now_s))


def taken_at(started_s: float) -> Callable[[float], RunDetail]:
    return lambda now_s: WAITING if now_s < started_s else WORKING


def test_pauses_grow_to_a_bound_while_nothing_happens() -> None:
    watched = Watched()
    pauses = watched.look(WORKING, 20)
    assert pauses[:3] == [FIRST_PAUSE_S, FIRST_PAUSE_S * GROWTH, FIRST_PAUSE_S * GROWTH**2]
    assert set(pauses[4:]) == {STEADY_PAUSE_S}


@each_case(
    "change",
    [
        detail(groups=[group(completed=1)]),
        detail("running", "building", groups=[group(running=1)]),
        detail("cancelled", groups=[group(running=1)]),
    ],
)
def test_a_change_makes_it_quick_again(change: RunDetail) -> None:
    watched = Watched()
    watched.look(WORKING, 10)
    assert watched.look(change, 2) == [FIRST_PAUSE_S, FIRST_PAUSE_S * GROWTH]


def test_after_a_long_stillness_an_end_is_seen_a_sixtieth_late() -> None:
    watched = Watched()
    watched.look_until(240, lambda _: WORKING)
    assert watched.pauses[-1] == pytest.approx(4, rel=0.05)
    watched.look_until(3_600, lambda _: WORKING)
    assert watched.pauses[-1] == LONGEST_PAUSE_S


def test_a_long_run_that_has_tasks_to_give_is_not_hurried_by_each_of_them() -> None:
    watched = Watched()
    watched.look_until(3_600, lambda now: detail(groups=[group(pending=10_000 - int(now), completed=int(now))]))
    assert watched.pauses[-1] == LONGEST_PAUSE_S
    assert len(watched.pauses) < 1_000


def test_when_its_last_tasks_are_at_work_the_end_is_awaited_closely() -> None:
    watched = Watched()
    watched.look_until(3_600, lambda now: detail(groups=[group(pending=10_000 - int(now))]))
    watched.look(WORKING)
    assert max(watched.look(WORKING, 30)) == STEADY_PAUSE_S


def test_many_changes_at_the_end_of_a_long_run_do_not_make_it_quicker_than_its_usual_pace() -> None:
    watched = Watched()
    watched.look_until(3_600, lambda _: WORKING)
    assert watched.look(detail(groups=[group(running=1, completed=1)])) == [STEADY_PAUSE_S]


def test_the_end_of_any_short_run_is_seen_within_two_seconds() -> None:
    """Tasks of a second that wait for up to a minute, and work for up to two."""
    for started_s in range(0, 60, 7):
        for took_s in range(1, 60, 3):
            watched, ended_s = Watched(), started_s + took_s
            watched.look_until(ended_s, taken_at(started_s))
            assert watched.clock.now_s - ended_s <= STEADY_PAUSE_S


def test_silence_is_met_with_pauses_that_double_and_end_with_an_answer() -> None:
    watched = Watched()
    watched.look(WORKING, 3)
    assert watched.look(None, 6) == [1, 2, 4, 8, SILENT_PAUSE_S, SILENT_PAUSE_S]
    assert watched.look(WORKING) < [STEADY_PAUSE_S + 0.01]
    assert watched.look(None) == [1]


@each_case("seen", [WORKING, None])
def test_watchers_that_came_together_part(seen: RunDetail | None) -> None:
    latest, earliest = Watched(AT_MOST).look(seen, 10), Watched(AT_LEAST).look(seen, 10)
    assert earliest == pytest.approx([pause * (1 - JITTER) for pause in latest])
