"""Notes runners that asked for work and got none, so that people can see who is there.

Beside the claim, never in its way: a claim that gets a task costs nothing here, and a note that fails is only logged.
"""

import logging
from dataclasses import dataclass, field

from chalicelib.domain.outcomes import Assigned, Done, Outcome
from chalicelib.domain.ports import Runners
from chalicelib.domain.presence import Noted
from chalicelib.domain.records import ClaimRequest, Presence

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NoteRunners:
    runners: Runners
    noted: Noted = field(default_factory=Noted)

    def __call__(self, run_id: str | None, request: ClaimRequest, outcome: Outcome) -> Outcome:
        """The outcome of this request, as it is. `run_id` None: the request was for a task of any run."""
        over = isinstance(outcome, Done) and not outcome.misplaced  # in the wrong place is worth a note
        if not over and not isinstance(outcome, Assigned):
            self._note(Presence(request.runner_id, request.demand, run_id, request.now_ms))
        return outcome

    def _note(self, presence: Presence) -> None:
        if not self.noted.due(presence):
            return
        try:
            self.runners.note(presence)
        except Exception:  # whatever it is, the runner's answer is more important
            _log.warning("could not note that runner %s waits", presence.runner_id, exc_info=True)
