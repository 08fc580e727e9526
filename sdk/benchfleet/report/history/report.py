"""A report with a history: the history is over all runs, the rest of the newest of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from benchfleet_results.boards.units import harmonised

from benchfleet.exceptions import UsageError
from benchfleet.report.analysis import Options, analyse, filtered, literal
from benchfleet.report.dataset import Dataset
from benchfleet.report.history.building import history
from benchfleet.report.model.report import Report
from benchfleet.report.noise_floor import split


def with_history(dataset: Dataset, options: Options, marks: Mapping[str, str], unread: Sequence[str] = ()) -> Report:
    """`marks`: name → run id; `unread`: what was left out before, with the reason. Raises UsageError for fewer than two
    runs that measured something, and for a mark of another run.
    """
    dataset = replace(dataset, tasks=tuple(harmonised(dataset.tasks)))
    kept = split(filtered(dataset, literal(options, dataset.tasks)))[0]
    found = history(kept, marks, unread)
    if len(found.runs) < 2:
        why = f" ({'; '.join(found.unread[:5])})" if found.unread else ""
        raise UsageError(f"--history needs two runs or more, and there are {len(found.runs)}{why}: name more of them")
    newest = dataset.of_runs(frozenset({found.runs[-1].run_id}))
    return analyse(newest, options).model_copy(update={"history": found})
