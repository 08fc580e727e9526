"""Who may do what. Only digests of keys are ever held."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from chalicelib.domain.errors import Forbidden, Unauthorized, Unavailable
from chalicelib.domain.ports import Holder
from chalicelib.services.tasks import attempt_tokens

if TYPE_CHECKING:
    from benchfleet_contract.identity import Role

ROLES: tuple["Role", ...] = ("admin", "runner", "reader")


class Keyring:
    """`fetch` gives the JSON document `{role: [sha256 hex, …]}`; it caches, so that a new key works within a minute."""

    def __init__(self, fetch: Callable[[], str]) -> None:
        self._fetch = fetch

    def admit(self, header: str | None, allowed: frozenset[str]) -> "Role":
        """The role of the bearer. Raises Unauthorized (no such key), Forbidden (not this role's), Unavailable."""
        role = self._role(header or "")
        if role is None:
            raise Unauthorized
        if role not in allowed:
            raise Forbidden(f"A {role} key may not do this; it takes one of: {', '.join(sorted(allowed))}")
        return role

    def bearer(self, header: str | None) -> tuple["Role", str]:
        """The key's role and its id. Raises Unauthorized (no such key), Unavailable."""
        role = self._role(header or "")
        if role is None:
            raise Unauthorized
        return role, _key_id(_key(header or ""))

    def holder(self, header: str | None, allowed: frozenset[str], *, task_id: str) -> Holder:
        """Who speaks for the task: its attempt by its own token, or a role by its key. Raises as `admit`."""
        attempt = attempt_tokens.attempt_of(_key(header or ""), task_id, self._secrets())
        if attempt is not None:
            return Holder(attempt)
        return Holder(None, fleet_key=self.admit(header, allowed) == "runner")

    def signer(self) -> Callable[[str, int], str]:
        """Makes the token of (task id, attempt). Raises Unavailable without an admin key: its digest is the secret.

        No runner's key leads to it, and who holds an admin key needs no tokens. Any admin key's digest verifies, so a key is
        replaced without ending what is in flight when the old one stays beside the new one for a while.
        """
        secrets = self._secrets()
        if not secrets:
            raise Unavailable("Without an admin key no attempt can get a token of its own", code="keys_unavailable")
        return lambda task_id, attempt: attempt_tokens.sign(secrets[0], task_id, attempt)

    def _secrets(self) -> list[str]:
        return list(self._digests().get("admin", []))

    def _role(self, header: str) -> "Role | None":
        """Every digest is compared, in constant time: how long it takes says nothing."""
        presented = hashlib.sha256(_key(header).encode(errors="replace")).hexdigest()
        found: Role | None = None
        known = self._digests()
        for role in ROLES:
            for digest in known.get(role, ()):
                if hmac.compare_digest(presented, digest):
                    found = role
        return found

    def _digests(self) -> Mapping[str, list[str]]:
        try:
            document = json.loads(self._fetch())
            return {role: [str(digest) for digest in document[role]] for role in document}
        except Exception as error:
            raise Unavailable("The control plane's keys cannot be read", code="keys_unavailable") from error


def _key_id(key: str) -> str:
    """Of another digest than those that are held: an admin key's is the secret of the attempt tokens."""
    return hashlib.sha256(b"key id of " + key.encode(errors="replace")).hexdigest()[:12]


def _key(header: str) -> str:
    """A scheme's name is the same in any case (RFC 9110, 11.1)."""
    scheme, _, key = header.strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else header.strip()
