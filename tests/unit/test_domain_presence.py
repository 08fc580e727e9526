"""When a waiting runner is worth a write, and when it counts as gone."""

from dataclasses import replace

from chalicelib.domain.presence import KEEP_MS, LIVE_MS, NOTE_EVERY_MS, Noted, is_live, is_told
from chalicelib.domain.records import Presence
from tests.contract.records import LOCAL, NOW_MS

HERE = Presence("one", LOCAL, "r", NOW_MS)


def later(ms: int, **changes: str | None) -> Presence:
    return replace(HERE, seen_ms=NOW_MS + ms, **changes)  # type: ignore[arg-type]


def test_a_runner_is_written_once_in_a_while() -> None:
    noted = Noted()
    assert [noted.due(later(ms)) for ms in (0, 2_000, NOTE_EVERY_MS - 1, NOTE_EVERY_MS, NOTE_EVERY_MS + 1)] == [
        True, False, False, True, False,
    ]  # fmt: skip


def test_runners_and_what_they_ask_for_are_told_apart() -> None:
    noted = Noted()
    others = [later(0, runner_id="two"), later(0, run_id="s"), later(0, run_id=None)]
    assert [noted.due(presence) for presence in [HERE, *others, HERE]] == [True, True, True, True, False]


def test_a_process_forgets_before_it_grows_without_bound() -> None:
    noted = Noted()
    assert all(noted.due(later(0, runner_id=f"runner-{number}")) for number in range(10_001))
    assert noted.due(later(0, runner_id="runner-1"))


def test_a_runner_is_live_for_two_polls_and_told_for_a_day() -> None:
    assert NOTE_EVERY_MS < 30_000 < LIVE_MS / 2
    assert is_live(HERE, now_ms=NOW_MS + LIVE_MS)
    assert not is_live(HERE, now_ms=NOW_MS + LIVE_MS + 1)
    assert is_told(HERE, now_ms=NOW_MS + KEEP_MS - 1)
    assert not is_told(HERE, now_ms=NOW_MS + KEEP_MS)
