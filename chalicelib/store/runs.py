"""Runs, their counters and their markers in the table: the answers to `domain/ports.Runs`."""

from collections.abc import Mapping
from contextlib import suppress

from chalicelib.domain.counting import Change, Counts, Tally, deltas
from chalicelib.domain.ports import Built
from chalicelib.domain.records import ActiveRun, Run, RunState, Stop
from chalicelib.store import expressions, keys
from chalicelib.store.expressions import Write
from chalicelib.store.items import (
    Item,
    active_item,
    active_of,
    counts_item,
    counts_of,
    run_item,
    run_of,
)
from chalicelib.store.table import ConditionFailed, Table

_KEYS_OF_ONE_WRITE = (
    120  # an expression may hold 4 KB and 300 operators: counters and watermarks that one write may name
)


class RunStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def reserve(self, run: Run) -> bool:
        """Takes the id for a run in creation; False where it is taken."""
        try:
            self._table.put_new(run_item(run))
        except ConditionFailed:
            return False
        self._table.put(counts_item(run))
        return True

    def publish(self, run: Run) -> bool:
        return self._try(expressions.publish(run)) is not None

    def get(self, run_id: str) -> tuple[Run, Counts] | None:
        """The run and its counters, in one consistent request."""
        items, _ = self._table.query("#pk = :pk", {":pk": keys.run_pk(run_id)})
        found = {item["sk"]: item for item in items}
        if keys.RUN not in found:
            return None
        counts = found.get(keys.COUNTS)
        return run_of(found[keys.RUN]), counts_of(counts) if counts else Counts({})

    def newest(self, *, limit: int, cursor: str | None) -> tuple[list[Run], str | None]:
        """Newest first, as summaries of what the index holds; the cursor is where the next page starts."""
        values = {":listed": keys.LISTED}
        condition = "#listed = :listed"
        if cursor:
            values[":before"] = cursor
            condition += " AND #listed_at < :before"
        items, more = self._table.query(
            condition, values, limit=limit, IndexName=keys.CREATED_INDEX, ScanIndexForward=False, ConsistentRead=False
        )
        return [_summary(item) for item in items], items[-1]["listed_at"] if more and items else None

    def stop(self, run_id: str) -> bool:
        return self._try(expressions.stop(run_id)) is not None

    def pass_deadline(self, run_id: str) -> bool:
        return self._try(expressions.pass_deadline(run_id)) is not None

    def note_stops(self, run_id: str, stops: Mapping[int, Stop]) -> bool:
        """All of them, or none where the run is over or one of the groups has a stop already."""
        return self._try(expressions.note_stops(run_id, stops)) is not None

    def begin_archive(self, run_id: str, *, now_ms: int, until_ms: int) -> int | None:
        """Which build this is (1, 2, …); None where another builds or has built."""
        item = self._try(expressions.begin_archive(run_id, now_ms=now_ms, until_ms=until_ms))
        return item["archive_attempts"] if item else None

    def keep_archive(self, run_id: str, build: int, *, until_ms: int) -> bool:
        return self._try(expressions.keep_archive(run_id, build, until_ms=until_ms)) is not None

    def release_archive(self, run_id: str, build: int, *, error: str) -> bool:
        return self._try(expressions.release_archive(run_id, build, error=error)) is not None

    def abandon_archive(self, run_id: str, *, until_ms: int) -> bool:
        """Releases the build whose right ends at `until_ms`: its builder is known to be dead."""
        return self._try(expressions.abandon_archive(run_id, until_ms=until_ms)) is not None

    def close_archive(self, run: Run, build: int, built: Built, *, now_ms: int) -> bool:
        return self._try(expressions.close_archive(run, build, built, now_ms=now_ms)) is not None

    def count(self, run_id: str, changes: list[Change], *, now_ms: int) -> Counts | None:
        """Applies each change once, however often it is told; the counters after it. None: no such run."""
        ordered = sorted(changes, key=lambda change: (change.block, change.sequence))
        counts: Counts | None = None
        for part in _parts(ordered):
            counts = self._count_part(run_id, part, now_ms=now_ms)
        return counts

    def correct(self, run: Run, tally: Tally, seen: Counts, *, now_ms: int) -> bool:
        """Sets the counters that differ from `tally`: all of 256 groups would be more than one expression may name."""
        wrong = [key for key in sorted(tally.keys() | seen.tally.keys()) if tally.get(key, 0) != seen.tally.get(key, 0)]
        starts = range(0, max(1, len(wrong)), _KEYS_OF_ONE_WRITE)
        for start in starts:
            part = {key: tally.get(key, 0) for key in wrong[start : start + _KEYS_OF_ONE_WRITE]}
            verified_ms = now_ms if start == starts[-1] else None
            write = expressions.correct(run.run_id, part, seen_changed_ms=seen.changed_ms, verified_ms=verified_ms)
            if self._try(write) is None:
                return False
        return True

    def note_drift(self, run_id: str, drift: str, seen: Counts, *, now_ms: int) -> bool:
        """Notes that a recount differed; False where the counters moved since they were seen."""
        write = expressions.note_drift(run_id, drift, seen_changed_ms=seen.changed_ms, now_ms=now_ms)
        return self._try(write) is not None

    def active(self) -> list[ActiveRun]:
        return [active_of(item) for item in self._table.query_all("#pk = :pk", {":pk": keys.ACTIVE})]

    def announce(self, run: Run) -> None:
        """Puts the marker unless one stands: another creator of the same id may have been first."""
        with suppress(ConditionFailed):
            self._table.put_new(active_item(run))

    def activate(self, run: Run) -> None:
        self._table.put(active_item(run))

    def retire(self, run_id: str) -> None:
        self._table.delete(keys.ACTIVE, run_id)

    def _count_part(self, run_id: str, changes: list[Change], *, now_ms: int) -> Counts | None:
        while True:
            write = expressions.count(run_id, deltas(changes), _watermarks(changes), now_ms=now_ms)
            try:
                return counts_of(self._table.update(write))
            except ConditionFailed as failed:
                if failed.old_item is None:
                    return None
                counts = counts_of(failed.old_item)
            changes = [change for change in changes if change.sequence > counts.watermarks.get(change.block, -1)]
            if not changes:
                return counts

    def _try(self, write: Write) -> Item | None:
        try:
            return self._table.update(write)
        except ConditionFailed:
            return None


def _watermarks(changes: list[Change]) -> dict[int, tuple[int, int]]:
    watermarks: dict[int, tuple[int, int]] = {}
    for change in changes:
        first, last = watermarks.get(change.block, (change.sequence, change.sequence))
        watermarks[change.block] = (min(first, change.sequence), max(last, change.sequence))
    return watermarks


def _parts(changes: list[Change]) -> list[list[Change]]:
    """Cuts so that no part names more attributes than one expression may; order within a block is kept."""
    parts: list[list[Change]] = []
    named: set[object] = set()
    for change in changes:
        mine = {change.block, (change.group, change.before), (change.group, change.after)}
        if not parts or len(named | mine) > _KEYS_OF_ONE_WRITE:
            parts.append([])
            named = set()
        named |= mine
        parts[-1].append(change)
    return parts


def _summary(item: Item) -> Run:
    return Run(
        run_id=item["run_id"], state=RunState(item["state"]), created_ms=item["created_ms"],
        ruby_version=None, workload=item["kind"], label=item.get("label"), origin=item["origin"], body_sha256="",
        deadline_ms=0, workload_options={}, tasks_per_instance=0, task_count=0, lease_s=0, max_attempts=0, metadata={},
        groups=(),
    )  # fmt: skip
