"""Idempotency as EC2 and ECS have it: a token names one request, and its repeat gets the same machines."""

from collections.abc import Hashable
from typing import Any


class Conflict(Exception):
    """The token was used with other parameters; `made` are the machines of then."""

    def __init__(self, made: list[str]) -> None:
        super().__init__("the client token was used with other parameters")
        self.made = made


class ClientTokens:
    """By scope (a service, a region, a cluster) and token: the parameters, and the ids of what they made."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, tuple[Any, list[str]]] = {}

    def earlier(self, scope: Hashable, token: str | None, parameters: Any) -> list[str] | None:
        """What the same request made before; None for a new token, and for none. Raises Conflict."""
        if not token or (scope, token) not in self._seen:
            return None
        before, made = self._seen[scope, token]
        if before != parameters:
            raise Conflict(made)
        return made

    def remember(self, scope: Hashable, token: str | None, parameters: Any, made: list[str]) -> None:
        if token:
            self._seen[scope, token] = (parameters, made)
