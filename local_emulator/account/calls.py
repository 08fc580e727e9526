"""Every call that was made: by whom, which permission it took, and whether a policy gave it."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from local_emulator.account.iam.conditions import like
from local_emulator.account.iam.policies import Statement

MOST_CALLS = 200_000  # the oldest are forgotten: a rehearsal makes some ten thousand


@dataclass(frozen=True)
class Call:
    """One permission that one request took. `at` is ISO 8601, UTC. `role` is the role's name, None for others."""

    at: str
    principal: str
    role: str | None
    service: str
    operation: str
    region: str
    action: str
    resource: str
    allowed: bool
    reason: str


class Calls:
    """Callers hold the endpoint's lock."""

    def __init__(self) -> None:
        self._all: deque[Call] = deque(maxlen=MOST_CALLS)

    def record(self, call: Call) -> None:
        self._all.append(call)

    def forget(self) -> None:
        self._all.clear()

    def listed(self, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
        """As JSON, those whose fields are as `wanted` says: `role=…`, `action=…`, `allowed=false` …"""
        return [told for call in self._all if _fits(told := asdict(call), wanted)]

    def of_role(self, role: str) -> list[Call]:
        return [call for call in self._all if call.role == role]


def _fits(told: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    return all(str(told.get(name, "")).lower() == value.lower() for name, value in wanted.items())


def unneeded(statements: Iterable[Statement], calls: Iterable[Call]) -> list[dict[str, str]]:
    """Allowed actions that no call took: for each, the statement, the action and the resource as they are written.

    A resource counts by itself: an action that is allowed on two and was taken on one is told for the other.
    """
    taken = {(call.action, call.resource) for call in calls if call.allowed}
    return [
        {"statement": statement.sid, "action": action, "resource": resource}
        for statement in statements
        if statement.effect == "Allow" and not statement.not_actions and not statement.not_resources
        for action in statement.actions
        for resource in statement.resources
        if not any(like(a, action, any_case=True) and like(r, resource) for a, r in taken)
    ]
