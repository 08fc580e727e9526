"""Runners that asked for work and got none: when that is worth a write, how long it is told, when one counts as gone."""

from chalicelib.domain.records import Presence

NOTE_EVERY_MS = 28_000  # a waiting runner asks every 30 s: each of these counts, quicker ones do not
LIVE_MS = 75_000  # two polls and some patience
KEEP_MS = 24 * 3_600_000  # that long it can be told when a fitting runner was last there
_MOST = 10_000  # runners remembered in one process


class Noted:
    """What this process has written of late. A hint: another process may have written, too."""

    def __init__(self) -> None:
        self._at_ms: dict[tuple[str | None, str], int] = {}

    def due(self, presence: Presence) -> bool:
        """Is this worth a write? Counts as written from then on."""
        who = (presence.run_id, presence.runner_id)
        if presence.seen_ms < self._at_ms.get(who, 0) + NOTE_EVERY_MS:
            return False
        if len(self._at_ms) >= _MOST:
            self._at_ms.clear()
        self._at_ms[who] = presence.seen_ms
        return True


def is_live(presence: Presence, *, now_ms: int) -> bool:
    return presence.seen_ms >= now_ms - LIVE_MS


def is_told(presence: Presence, *, now_ms: int) -> bool:
    """DynamoDB deletes what has expired within days, not at once."""
    return presence.seen_ms > now_ms - KEEP_MS
