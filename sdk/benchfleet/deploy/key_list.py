"""The keys of a control plane, made, listed and revoked. Only digests are in the account, but for the runner key of machines.

The document is what the control plane reads, `{role: [digest, …]}`, and beside it `about`: `{first 12 of a digest: [name, day]}`.
Keys that were made before there were names have none.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from benchfleet import exit_codes
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.keyring import ROLES, Keyring, KeyringParameter, digest
from benchfleet.exceptions import UsageError

_BYTES = 32
ID_CHARS = 12


@dataclass(frozen=True)
class Listed:
    """`key_id` are the first characters of its digest. `created` is a day; both it and `name` None: an older key.

    `of_machines`: machines of clouds use this one.
    """

    role: str
    key_id: str
    name: str | None
    created: str | None
    of_machines: bool


@dataclass(frozen=True)
class Fresh:
    """A key that was just made: it is shown once."""

    key: str = field(repr=False)
    listed: Listed


class KeyList:
    """Those of one stage. All raise DeployError for a document that cannot be read, UsageError for an unknown name."""

    def __init__(
        self, parameter: KeyringParameter, *, today: Callable[[], date] = lambda: datetime.now(UTC).date()
    ) -> None:
        self._parameter = parameter
        self._today = today

    def list(self, role: str | None = None) -> Sequence[Listed]:
        document, machines = self._there(), self._parameter.runner_key()
        return [
            self._listed(document, it, found, machines)
            for it in ROLES
            if role in (None, it)
            for found in document.digests[it]
        ]

    def create(self, role: str, name: str, *, for_machines: bool = False) -> Fresh:
        """Adds a key. `for_machines`: the one that machines fetch is replaced by it; the old one stays until it is revoked.

        The digest is there before machines can have the key, so that none is refused.
        """
        document = self._there()
        if any(about[0] == name for about in document.about.values()):
            raise UsageError(f"there is a key called {name} already: name another, or revoke that one")
        key = secrets.token_urlsafe(_BYTES)
        self._parameter.write(document.with_key(role, digest(key), name=name, day=self._today().isoformat()))
        if for_machines:
            self._parameter.put_runner_key(key)
        return Fresh(key, Listed(role, digest(key)[:ID_CHARS], name, self._today().isoformat(), for_machines))

    def revoke(self, named: str, role: str | None = None, *, force: bool = False) -> Listed:
        """`named` is a key's name or id. The last admin key, and the one that machines use, go only with `force`."""
        found = self._one(named, role)
        document = self._there()
        if not force and found.role == "admin" and len(document.digests["admin"]) == 1:
            raise DeployError(
                f"{named} is the last admin key: without one, nobody can make runs, and no attempt gets a token",
                remedy="make another first (`benchfleet keys create --role admin`), or say --force",
                exit_code=exit_codes.INVALID_CONFIG,
            )
        if not force and found.of_machines:
            raise DeployError(
                f"machines use the key {named}: without it they are refused",
                remedy="make another first (`benchfleet keys create --role runner --for-machines`), or say --force",
                exit_code=exit_codes.INVALID_CONFIG,
            )
        self._parameter.write(document.without(found.role, found.key_id))
        return found

    def _one(self, named: str, role: str | None) -> Listed:
        there = [it for it in self.list(role) if named == it.name or it.key_id == named]
        if not there:
            raise UsageError(f"there is no key called {named}; `benchfleet keys list` names those that are there")
        if len(there) > 1:
            raise UsageError(f"{named} names {len(there)} keys: give an id and --role")
        return there[0]

    def _there(self) -> Keyring:
        found = self._parameter.read()
        if not any(found.digests.values()):
            raise DeployError("the stage has no keys", remedy="`benchfleet deploy` makes them")
        return found

    def _listed(self, document: Keyring, role: str, found: str, machines: str | None) -> Listed:
        key_id = found[:ID_CHARS]
        name, created = document.about.get(key_id, (None, None))
        return Listed(
            role, key_id, name, created, role == "runner" and bool(machines) and digest(machines or "") == found
        )
