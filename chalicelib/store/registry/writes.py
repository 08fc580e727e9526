"""One pure function per conditional write on an executor."""

from collections.abc import Sequence

from benchfleet_contract.registry.executors import Command

from chalicelib.domain.registry.records import Beat, Executor, ExecutorState
from chalicelib.store import keys
from chalicelib.store.expressions import Raw, Write
from chalicelib.store.registry.items import commands_text, expires_s, load_text

MIN_GAP_MS = 500  # between two heartbeats


def beat(heartbeat: Beat) -> Write:
    """Renews the lease and keeps the load, where owner, generation, sequence, time and gap allow it. Touches no index.

    The right sides of an update see the item as it was: what the lease and the work loop's counter were is kept beside.
    """
    condition = (
        "#generation = :generation AND #removal_ms > :now AND #sequence < :sequence"
        " AND (attribute_not_exists(#beat_ms) OR #beat_ms <= :gap)" + _owner(heartbeat.principal)
    )
    sets = {
        "last_seen_ms": heartbeat.now_ms, "beat_ms": heartbeat.now_ms, "sequence": heartbeat.sequence,
        "load": load_text(heartbeat.load),
        "absent": heartbeat.absent or None, "lease_expires_ms": Raw(":now + #stale_ms"),
        "removal_ms": Raw(":now + #silence_ms"), "lease_was_ms": Raw("#lease_expires_ms"), "noted": None,
        "expires_s": expires_s(heartbeat.now_ms, 8),
    }  # fmt: skip
    if heartbeat.progress is not None:
        sets |= {"progress": heartbeat.progress, "progress_was": Raw("if_not_exists(#progress, :never)")}
    values = {
        ":generation": heartbeat.generation, ":now": heartbeat.now_ms, ":sequence": heartbeat.sequence,
        ":gap": heartbeat.now_ms - MIN_GAP_MS, **_owner_value(heartbeat.principal),
    }  # fmt: skip
    if heartbeat.progress is not None:
        values[":never"] = -1
    return Write(keys.EXECUTORS, heartbeat.executor_id, condition, sets, values=values)


def change_catalog(executor: Executor, previous: Executor) -> Write:
    """Another catalogue, with the version after the one that was read. It renews the lease, too."""
    condition = "#generation = :generation AND #catalog_version = :version AND #removal_ms > :now"
    sets = {
        "catalog": executor.catalog, "catalog_version": executor.catalog_version, "marks": executor.marks or None,
        "catalog_sequence": executor.catalog_sequence, "catalog_change": executor.catalog_change,
        "absent": executor.absent or None, "last_seen_ms": executor.last_seen_ms, "noted": None,
        "lease_expires_ms": executor.lease_expires_ms, "removal_ms": executor.removal_ms,
    }  # fmt: skip
    values = {
        ":generation": previous.generation,
        ":version": previous.catalog_version,
        ":now": executor.last_seen_ms,
    }
    return Write(keys.EXECUTORS, executor.executor_id, condition, sets, values=values)


def flag(executor: Executor, *, overloaded: bool) -> Write:
    return _same(executor, {"overloaded": overloaded or None})


def moved(executor: Executor, *, now_ms: int) -> Write:
    """The work loop's counter has moved."""
    return _same(executor, {"progress_ms": now_ms})


def drain(executor: Executor, *, draining: bool, commands: Sequence[Command]) -> Write:
    state = ExecutorState.DRAINING if draining else ExecutorState.SERVING
    return _same(executor, {"state": str(state), "commands": commands_text(tuple(commands))})


def command(executor: Executor, commands: Sequence[Command]) -> Write:
    return _same(executor, {"commands": commands_text(tuple(commands))})


def unbind(executor: Executor) -> Write:
    return _same(executor, {"principal": None})


def note_stale(executor: Executor) -> Write:
    """Where nothing has been heard since: a heartbeat wins against the sweep."""
    return _unheard(executor, {"noted": "stale"})


def hold(executor_id: str, generation: int, marks: frozenset[str], *, exclusive: str | None) -> Write:
    """Counts what was handed out. Nothing is given to somebody else than who has it for himself."""
    condition = "#generation = :generation"
    sets: dict[str, str] = {}
    values: dict[str, object] = {":generation": generation}
    if exclusive:
        condition += " AND attribute_not_exists(#exclusive) AND attribute_not_exists(#held)"
        sets["exclusive"] = exclusive
    return Write(keys.EXECUTORS, executor_id, condition, dict(sets), adds={"held": marks}, values=values)


def release(
    executor_id: str, marks: frozenset[str], *, exclusive: str | None = None, succeeded: bool | None = None
) -> Write:
    """Takes back what was handed out, once: where it is still counted. Counts the result of a task."""
    first = next(iter(sorted(marks)))
    adds: dict[str, int | frozenset[str]] = {} if succeeded is None else {"ended": 1, "succeeded": int(succeeded)}
    sets = {"exclusive": None} if exclusive else {}
    return Write(
        keys.EXECUTORS, executor_id, "contains(#held, :mark)", dict(sets), adds, {":mark": first}, {"held": marks}
    )


def gone(executor: Executor, *, seen: bool) -> Write:
    """The condition of a removal: this generation; and, of a sweep (`seen`), nothing heard since it looked."""
    return _unheard(executor, {}) if seen else _same(executor, {})


def _same(executor: Executor, sets: dict[str, object]) -> Write:
    values = {":generation": executor.generation}
    return Write(keys.EXECUTORS, executor.executor_id, "#generation = :generation", sets, values=values)


def _unheard(executor: Executor, sets: dict[str, object]) -> Write:
    condition = "#generation = :generation AND #last_seen_ms = :seen"
    values = {":generation": executor.generation, ":seen": executor.last_seen_ms}
    return Write(keys.EXECUTORS, executor.executor_id, condition, sets, values=values)


def _owner(principal: str | None) -> str:
    return " AND (attribute_not_exists(#principal) OR #principal = :principal)" if principal else ""


def _owner_value(principal: str | None) -> dict[str, str]:
    return {":principal": principal} if principal else {}
