"""The window from which a claimer picks: alone it takes the first task, in a crowd it reaches further."""

import random

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.contention import FEW, MOST, SAMPLE, Windows

PLACE = ("r", "docker", 0)


def last(below: int) -> int:
    return below - 1


def test_alone_the_first_task_is_taken() -> None:
    windows = Windows(last)
    assert windows.pick(PLACE, 16) == 0
    windows.won(PLACE)
    assert windows.pick(PLACE, 16) == 0


def test_each_lost_race_doubles_the_window_up_to_all_that_is_there() -> None:
    windows, reached = Windows(last), []
    for _ in range(8):
        windows.lost(PLACE)
        reached.append(windows.pick(PLACE, 16))
    assert reached == [1, 3, 7, 15, 15, 15, 15, 15]


def test_wins_bring_it_back_to_the_first_task() -> None:
    windows = Windows(last)
    for _ in range(8):
        windows.lost(PLACE)
    picks = []
    for _ in range(60):
        windows.won(PLACE)
        picks.append(windows.pick(PLACE, 16))
    assert picks == sorted(picks, reverse=True)
    assert picks[-1] == 0


def test_of_many_tasks_any_is_tried_from_the_start() -> None:
    windows = Windows(last)
    assert windows.fetch(PLACE) == SAMPLE
    assert windows.pick(PLACE, FEW + 1) == FEW
    assert windows.pick(PLACE, SAMPLE) == SAMPLE - 1


def test_many_tasks_of_an_order_that_matters_are_tried_like_few() -> None:
    windows = Windows(last)
    assert windows.pick(PLACE, SAMPLE, in_order=True) == 0
    windows.lost(PLACE)
    assert windows.pick(PLACE, SAMPLE, in_order=True) == 1


def test_lost_races_ask_for_more_at_once() -> None:
    windows = Windows(last)
    for _ in range(8):
        windows.lost(PLACE)
    assert windows.fetch(PLACE) == MOST


def test_places_do_not_disturb_each_other() -> None:
    windows = Windows(last)
    windows.lost(PLACE)
    assert windows.pick(("r", "docker", 1), 16) == 0


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 200), st.integers())
def test_a_pick_is_always_one_of_what_is_there(history: list[bool], available: int, seed: int) -> None:
    windows = Windows(random.Random(seed).randrange)
    for lost in history:
        (windows.lost if lost else windows.won)(PLACE)
    assert 0 <= windows.pick(PLACE, available) < available
    assert 1 <= windows.fetch(PLACE) <= MOST
