"""`/_account/…`: what a rehearsal asks the account itself, with the token of its ready file."""

import hmac
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from moto.backends import get_backend

from local_emulator.account.answers import Start, answer_json
from local_emulator.account.calls import Calls, unneeded
from local_emulator.account.iam.conditions import PolicyNotUnderstood
from local_emulator.account.iam.identities import Caller, statements_for
from local_emulator.config import ACCOUNT

BEGINNING = "/_account/"


class AccountDoor:
    """`GET calls`, `DELETE calls`, `GET permissions`, `GET resources`. `resources` lists what is there."""

    def __init__(self, calls: Calls, *, resources: Callable[[], list[dict[str, Any]]], token: str, lock: Any) -> None:
        self._calls = calls
        self._resources = resources
        self._token = token
        self._lock = lock

    def __call__(self, environ: Mapping[str, Any], start: Start) -> list[bytes]:
        given = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return answer_json(start, 401, {"message": "send the ready file's token as Authorization: Bearer …"})
        path, _, query = environ["RAW_URI"].removeprefix(BEGINNING).partition("?")
        with self._lock:
            match environ["REQUEST_METHOD"], path:
                case "GET", "calls":
                    return answer_json(start, 200, {"calls": self._calls.listed(dict(parse_qsl(query)))})
                case "DELETE", "calls":
                    self._calls.forget()
                    return answer_json(start, 200, {})
                case "GET", "permissions":
                    return answer_json(start, 200, {"roles": self._permissions()})
                case "GET", "resources":
                    return answer_json(start, 200, {"resources": self._resources()})
        return answer_json(start, 404, {"message": "GET calls, permissions or resources; DELETE calls"})

    def _permissions(self) -> list[dict[str, Any]]:
        """For each role: calls that were denied, and permissions that no call took."""
        return [
            self._of_role(name)
            for name in sorted(role.name for role in get_backend("iam")[ACCOUNT]["aws"].roles.values())
        ]

    def _of_role(self, name: str) -> dict[str, Any]:
        calls = self._calls.of_role(name)
        denied = sorted({(call.action, call.resource, call.reason) for call in calls if not call.allowed})
        told: dict[str, Any] = {
            "role": name,
            "calls": len(calls),
            "denied": [dict(zip(("action", "resource", "reason"), each, strict=True)) for each in denied],
        }
        try:
            return told | {"unneeded": unneeded(statements_for(Caller("", role=name)), calls)}
        except PolicyNotUnderstood as error:
            return told | {"unneeded": [], "not_understood": str(error)}
