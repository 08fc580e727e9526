"""CPU is charged to the innermost seam, and each second once."""

from types import SimpleNamespace

import pytest

from benchmarks.seams import Seams


class Clock:
    """Time passes only by work."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_time_inside_an_inner_seam_is_not_the_outer_ones(clock: Clock) -> None:
    seams, parts = Seams(clock), SimpleNamespace()
    parts.table = lambda: clock.work(5)

    def view() -> None:
        clock.work(1)
        parts.table()
        clock.work(2)

    parts.view = view
    seams.cut(parts, "table", cause="tables")
    seams.cut(parts, "view", cause="own")
    clock.work(100)  # before any seam
    parts.view()
    clock.work(100)  # between two calls
    parts.view()
    assert seams.told() == {"own": 6, "tables": 10}


def test_a_call_that_fails_is_charged_and_left(clock: Clock) -> None:
    seams, parts = Seams(clock), SimpleNamespace()

    def fails() -> None:
        clock.work(3)
        raise RuntimeError("asked to")

    parts.fails = fails
    seams.cut(parts, "fails", cause="own")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="asked to"):
            parts.fails()
        clock.work(100)
    assert seams.told() == {"own": 6}
