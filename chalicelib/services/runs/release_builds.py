"""After a restart of the one process that builds archives: what it was building then, nobody builds now."""

from dataclasses import dataclass

from benchfleet_contract.states import ArchiveState

from chalicelib.domain.ports import FinalizeQueue, Runs


@dataclass(frozen=True)
class ReleaseBuilds:
    """Only for a system whose builders have all died, such as an emulator that starts: a living one would lose its build."""

    runs: Runs
    queue: FinalizeQueue

    def __call__(self) -> list[str]:
        """The ids of the runs whose build was released, and asked for again."""
        return [active.run_id for active in self.runs.active() if self._released(active.run_id)]

    def _released(self, run_id: str) -> bool:
        found = self.runs.get(run_id)
        if found is None or found[0].archive.state is not ArchiveState.BUILDING:
            return False
        until_ms = found[0].archive.building_until_ms
        if until_ms is None or not self.runs.abandon_archive(run_id, until_ms=until_ms):
            return False
        self.queue.send(run_id)
        return True
