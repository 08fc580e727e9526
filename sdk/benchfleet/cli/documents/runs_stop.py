"""`benchfleet runs stop --json`."""

from benchfleet_contract.runs import TaskCounts
from benchfleet_contract.states import RunStatus

from benchfleet.cli.documents.base import Document


class RunStopped(Document):
    """As the run stands after the request. `stopped` is False if it had ended before."""

    run_id: str
    stopped: bool
    status: RunStatus
    tasks: TaskCounts
