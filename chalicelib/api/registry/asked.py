"""Reads what is asked for in the query of a request. Each raises Malformed, naming the parameter."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from benchfleet_contract.registry import limits
from benchfleet_contract.registry.executors import ExecutorEntry, ExecutorStatus
from benchfleet_contract.registry.models import Filters, Strategy

from chalicelib.api.registry.bodies import read
from chalicelib.domain.registry.errors import Detail, ExecutorNotFound, Malformed, ReservationNotFound

Query = Mapping[str, str]
_EVENT = re.compile(r"EVT#[0-9]{15}#[0-9a-f]{1,32}")
MOST = 10**15
_ID = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_WHOLE = {"min_context_length"}
_SHARES = {"min_success_rate"}


@dataclass(frozen=True)
class ModelsPage:
    filters: Filters
    all_of: bool
    include_executors: bool
    prefix: str
    limit: int
    cursor: str | None

    def more(self) -> dict[str, Any]:
        names = ("all_of", "include_executors", "prefix", "limit", "cursor")
        return {name: getattr(self, name) for name in names}


def list_of_models(query: Query) -> ModelsPage:
    every = _one_of(query, "status", ("live", "all"), "live") == "all"
    include = _one_of(query, "include", ("", "executors"), "") == "executors"
    size = limit(query, limits.LIST_LIMIT)
    return ModelsPage(filters(query), every, include, query.get("prefix", ""), size, query.get("cursor") or None)


def filters(query: Query) -> Filters:
    document: dict[str, Any] = {name: query[name] for name in ("backend_type", "max_price") if query.get(name)}
    if features := query.get("required_features"):
        document["required_features"] = [word for word in features.split(",") if word]
    for name in _WHOLE & query.keys():
        document[name] = _number(query, name, int)
    for name in _SHARES & query.keys():
        document[name] = _number(query, name, float)
    if "only_available" in query:
        document["only_available"] = _one_of(query, "only_available", ("true", "false"), "true") == "true"
    return read(Filters, lambda: document, size=0)


def model_id(query: Query) -> str:
    if not (value := query.get("model_id")):
        raise _bad("model_id", "is needed")
    return value


def strategy(query: Query) -> Strategy:
    return cast("Strategy", _one_of(query, "strategy", get_args(Strategy), "least_loaded"))


def limit(query: Query, default: int) -> int:
    value = _number(query, "limit", int) if "limit" in query else default
    if not 1 <= value <= limits.MAX_LIST_LIMIT:
        raise _bad("limit", f"must be a whole number from 1 to {limits.MAX_LIST_LIMIT}")
    return int(value)


def generation(query: Query) -> int | None:
    return _count(query, "generation") if "generation" in query else None


def revision(query: Query) -> int:
    return _count(query, "after") if "after" in query else 0


def events_cursor(query: Query) -> str | None:
    cursor = query.get("cursor") or None
    if cursor and not _EVENT.fullmatch(cursor):
        raise _bad("cursor", "must be a next_cursor of an earlier page")
    return cursor


def wanted(query: Query) -> Callable[[ExecutorEntry], bool]:
    """By `status`, and by `label.<name>=<value>`."""
    status = _one_of(query, "status", ("", "all", *get_args(ExecutorStatus)), "")
    labels = {name.partition(".")[2]: value for name, value in query.items() if name.startswith("label.")}

    def fits(entry: ExecutorEntry) -> bool:
        return status in ("", "all", entry.status) and labels.items() <= entry.labels.items()

    return fits


def executor(executor_id: str) -> str:
    """The id in a path. Raises ExecutorNotFound for what cannot be one."""
    if not _ID.fullmatch(executor_id):
        raise ExecutorNotFound(executor_id[:40])
    return executor_id


def reservation(reservation_id: str) -> str:
    """Raises ReservationNotFound for what cannot be one."""
    if not _ID.fullmatch(reservation_id):
        raise ReservationNotFound("No such reservation")
    return reservation_id


def _one_of(query: Query, name: str, known: tuple[str, ...], default: str) -> str:
    value = query.get(name) or default
    if value not in known:
        raise _bad(name, f"must be one of {', '.join(filter(None, known))}, not {value[:40]!r}")
    return value


def _number(query: Query, name: str, kind: type[int] | type[float]) -> float:
    text = query[name]
    pattern = r"[0-9]{1,18}" if kind is int else r"[0-9]{1,18}(\.[0-9]{1,18})?"
    if not re.fullmatch(pattern, text, re.ASCII):
        raise _bad(name, f"must be a {'whole ' if kind is int else ''}number, not {text[:40]!r}")
    return kind(text)


def _count(query: Query, name: str) -> int:
    value = int(_number(query, name, int))
    if value > MOST:
        raise _bad(name, f"must be at most {MOST}")
    return value


def _bad(name: str, problem: str) -> Malformed:
    return Malformed(f"{name} {problem}", details=(Detail(name, problem),))
