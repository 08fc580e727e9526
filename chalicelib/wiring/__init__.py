"""Builds the services once per container, on first use: importing this touches nothing.

One class a room, typed by the ports: a store or a queue that no longer answers its port is found by the type checker. Nobody
compares or prints them, and each start would compile what does: hence their `eq=False, repr=False`.
"""

from functools import cache

from chalicelib.settings import from_environment
from chalicelib.wiring.container import Services

__all__ = ["Services", "services"]


@cache
def services() -> Services:
    """This container's services, from its environment."""
    return Services(from_environment())
