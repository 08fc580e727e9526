"""Is the run of a firing worse than the run before it? By the summaries that their archives have."""

from dataclasses import dataclass

from benchfleet_contract.summary import RunSummary

from chalicelib.domain.ports import Storage
from chalicelib.domain.scheduling import Firing, Schedule

_LOOKED_AT = 5  # runs before this one: one that was deleted, or measured nothing, is passed over


@dataclass(frozen=True)
class JudgeRegression:
    storage: Storage

    def __call__(self, schedule: Schedule, firing: Firing, firings: list[Firing]) -> tuple[bool, tuple[str, ...]]:
        """(worse beyond noise, in words). `firings` are the schedule's, newest first. Raises Unavailable."""
        from benchfleet_results.summary_regression import judged

        mine = self._summary(firing)
        if mine is None:
            return False, ("cannot be judged: this run has no summary",)
        earlier = [
            each for each in firings if each.at_ms < firing.at_ms and each.outcome == "completed" and each.run_id
        ]
        for before in earlier[:_LOOKED_AT]:
            if (theirs := self._summary(before)) is not None:
                return judged(theirs, mine)
        return False, ("cannot be judged: there is no earlier run of this schedule with a summary",)

    def _summary(self, firing: Firing) -> RunSummary | None:
        found = self.storage.summary(firing.run_id or "")
        return RunSummary.model_validate_json(found) if found else None
