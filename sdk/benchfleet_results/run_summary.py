"""A run's rankings, with the arithmetic of its report, made of results as they come by: in bounded memory and time.

A run that is too large for that has no rankings here, and `omitted` says why.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchfleet_contract.summary import RunSummary, SummaryBoard, SummaryRow

from benchfleet_results.boards import dimensions
from benchfleet_results.boards.grouping import BoardData, boards
from benchfleet_results.boards.judging import JudgedBoard, judged
from benchfleet_results.boards.model import Ranked
from benchfleet_results.boards.tasks import Outcome, Task
from benchfleet_results.boards.titles import title
from benchfleet_results.boards.together import compared, turns
from benchfleet_results.boards.units import harmonised
from benchfleet_results.places import host
from benchfleet_results.reading import ResultError, read_result
from benchfleet_results.series import Samples, Series

MOST_ROWS = 1_000  # of all rankings together
MOST_SAMPLES = 1_000_000  # held until the end: about 32 MB
MOST_TESTS = 200_000  # pairs of groups, over all benchmarks: some seconds


class RunSummariser:
    """`without` is a subject that is measured a second time only to show the noise: it is not ranked."""

    def __init__(
        self,
        run_id: str,
        *,
        without: str | None = None,
        most_rows: int = MOST_ROWS,
        most_samples: int = MOST_SAMPLES,
        most_tests: int = MOST_TESTS,
    ) -> None:
        self._run_id, self._without = run_id, without
        self._most_rows, self._most_samples, self._most_tests = most_rows, most_samples, most_tests
        self._measured: list[Task] = []
        self._others: list[Task] = []
        self._unreadable = self._samples = 0

    def add(self, task: Mapping[str, Any], files: Mapping[str, bytes] | None) -> None:
        """A task as the manifest names it; `files` has its `output.json` and `metadata.json`, None without a result."""
        if task.get("subject") == self._without is not None:
            return
        samples = self._read(files.get("output.json")) if files is not None else ()
        self._samples += sum(len(one.values) for one in samples)
        if self._is_too_large:
            self._measured.clear()
        elif any(one.values for one in samples):
            self._measured.append(self._task(task, "measured", samples, _metadata(files)))
            return
        self._others.append(self._task(task, "missing", (), {}))

    @property
    def _is_too_large(self) -> bool:
        return self._samples > self._most_samples

    def _read(self, raw: bytes | None) -> tuple[Samples, ...]:
        try:
            return read_result(raw or b"").samples
        except ResultError:
            self._unreadable += 1
            return ()

    def _task(
        self, task: Mapping[str, Any], outcome: Outcome, samples: tuple[Samples, ...], metadata: Mapping[str, Any]
    ) -> Task:
        return Task(
            self._run_id, task["number"], str(task["id"]), task["provider"], task["instance_type"], task.get("alias"),
            outcome, None, samples, host=host(metadata), subject=task.get("subject"), part=task.get("part"),
            repeat=task.get("run_number"), started_at=_text(metadata, "start_time"), ended_at=_text(metadata, "end_time"),
            clock=_text(metadata, "clock"),
        )  # fmt: skip

    def document(self) -> bytes:
        """`summary.json`: the same bytes for the same tasks."""
        found = self.summary()
        return json.dumps(found.model_dump(mode="json"), indent=1, sort_keys=True, allow_nan=False).encode() + b"\n"

    def summary(self) -> RunSummary:
        tasks = harmonised(sorted([*self._measured, *self._others], key=_number))
        by = dimensions.default(tasks) if tasks else ("machine",)
        omitted = list(self._not_read())
        omitted += _not_together(tasks, by)
        found = self._boards(tasks, by, omitted)
        return RunSummary(run_id=self._run_id, by=list(by), tasks=len(self._measured), boards=found, omitted=omitted)

    def _not_read(self) -> Iterator[str]:
        if self._is_too_large:
            yield f"All rankings: the run has more than {self._most_samples} samples."
        if self._unreadable:
            yield f"{self._unreadable} results without an output.json that can be read."

    def _boards(self, tasks: list[Task], by: dimensions.By, omitted: list[str]) -> list[SummaryBoard]:
        data = boards(compared(tasks, by), by)
        keys, found, tests, rows = [board.key for board in data], [], 0, 0
        for board in data:
            name = title(board.key, keys)
            tests += _tests(board)
            if tests > self._most_tests or rows >= self._most_rows:
                omitted.append(f"{name}: too much to compare here.")
                continue
            made = _board(board, judged(board, by), name, most_rows=self._most_rows - rows, omitted=omitted)
            rows += len(made.ranking)
            found.append(made)
        return found


def _number(task: Task) -> int:
    """In the order of the run: of a machine that is listed twice only this tells which of two repeats a result is of."""
    return task.number or 0


def _not_together(tasks: Sequence[Task], by: dimensions.By) -> Iterator[str]:
    for one in turns(tasks) if "subject" in by else ():
        where = dimensions.machine(*one.machine)
        if one.left_out:
            yield f"{where}: {one.left_out} of {len(one.repeats)} repeats, whose subjects were not all measured together."
        if one.lone:
            yield f"{where}: {len(one.lone)} results of single benchmarks, that others lack in the same repeat."
        for subject, results in one.seldom.items():
            if out := one.left_out_of(subject):
                yield f"{where}: {out} of {results} results of {subject}, not measured together with the others."


def _tests(board: BoardData) -> int:
    groups = len(board.groups)
    return groups * (groups - 1) // 2 * (1 + len(board.series))


def _board(board: BoardData, found: JudgedBoard, name: str, *, most_rows: int, omitted: list[str]) -> SummaryBoard:
    key, shared = board.key, found.shared
    if len(found.ranking) > most_rows:
        omitted.append(f"{name}: {len(found.ranking) - most_rows} groups, after the first {most_rows}.")
    return SummaryBoard(
        title=name,
        metric=key.metric,
        unit=shared.unit,
        better=key.better,
        scale=key.scale,
        benchmarks=len(shared.series),
        benchmarks_digest=_digest(shared.series),
        benchmarks_left_out=len(shared.left_out),
        not_compared=key.not_compared or None,
        told_apart=found.told_apart,
        ranking=[_row(row) for row in found.ranking[:most_rows]],
    )


def _digest(benchmarks: Iterable[Series]) -> str:
    """16 characters, however many there are and however long their names: a summary is no more than a page."""
    names = sorted({(one.benchmark, one.unit) for one in benchmarks})
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:16]


def _row(row: Ranked) -> SummaryRow:
    best = row.to_best
    return SummaryRow(
        place=row.place,
        label=row.label,
        mean=row.centre,
        interval=row.centre_interval,
        ratio=best.ratio,
        ratio_interval=best.interval,
        difference=best.difference,
        difference_interval=best.difference_interval,
        verdict=best.verdict,
        tasks=row.tasks,
        instances=row.instances,
    )


def _text(metadata: Mapping[str, Any], name: str) -> str | None:
    found = metadata.get(name)
    return found if isinstance(found, str) else None


def _metadata(files: Mapping[str, bytes] | None) -> Mapping[str, Any]:
    try:
        found = json.loads((files or {}).get("metadata.json", b"{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
