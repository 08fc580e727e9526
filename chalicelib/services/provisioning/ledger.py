"""The launches of a run during one look at them: what was seen, and what has been written since."""

from collections.abc import Iterable

from chalicelib.domain.launch_records import Launch
from chalicelib.domain.ports import Launches


class Ledger:
    """A launch that somebody else has changed meanwhile stays as it was seen: the next look finds it as it is."""

    def __init__(self, store: Launches, launches: Iterable[Launch]) -> None:
        self._store = store
        self._known = {launch.name: launch for launch in launches}

    @property
    def launches(self) -> list[Launch]:
        return list(self._known.values())

    def add(self, launch: Launch) -> None:
        """Another look may have been first: then it is the same launch, and seen at the next one."""
        if self._store.add(launch):
            self._known[launch.name] = launch

    def change(self, seen: Launch, wanted: Launch) -> bool:
        if seen == wanted:
            return True
        if not self._store.change(seen, wanted):
            return False
        self._known[wanted.name] = wanted
        return True
