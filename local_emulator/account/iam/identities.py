"""Whose access key is it: the account's own, a user's, or a session of a role. moto keeps users and roles.

Callers hold the endpoint's lock.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from botocore.credentials import Credentials
from moto.backends import get_backend

from local_emulator.account.iam.policies import Statement, statements_of
from local_emulator.account.tagging import plain_tags
from local_emulator.config import ACCOUNT

SESSION_S = 12 * 3600
_parsed = lru_cache(maxsize=512)(lambda text: tuple(statements_of(text)))


@dataclass(frozen=True)
class Caller:
    """`arn` as GetCallerIdentity gives it. `principals`: the names by which policies of resources may mean him.

    `role` is a role's name. `root` may do all; `quiet` is the account itself at work, and is not recorded.
    """

    arn: str
    principals: frozenset[str] = frozenset()
    role: str | None = None
    user: str | None = None
    root: bool = False
    quiet: bool = False
    tags: dict[str, str] = field(default_factory=dict, hash=False, compare=False)


ROOT = Caller(f"arn:aws:iam::{ACCOUNT}:root", frozenset({f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT}), root=True)
ITSELF = Caller("the account itself", root=True, quiet=True)


class KeyUnknown(Exception):
    """Nobody has this access key, or its session is over."""


class Identities:
    """Access key → who it is, and with which secret he signs."""

    def __init__(self, root: Credentials, itself: Credentials) -> None:
        self._fixed = {root.access_key: (ROOT, root), itself.access_key: (ITSELF, itself)}
        self._sessions: dict[str, Any] = {}

    def find(self, access_key: str, token: str | None) -> tuple[Caller, Credentials]:
        """Raises KeyUnknown."""
        if access_key in self._fixed:
            return self._fixed[access_key]
        return _of_session(access_key, token) if token else _of_user(access_key)

    def role_session(self, role_arn: str, session: str, region: str) -> Credentials:
        """Credentials of a role, as Lambda gets them for a function; the same ones for hours. Raises LookupError."""
        known = self._sessions.get(f"{role_arn} {session}")
        if known is None or (known.expiration - _now()).total_seconds() < SESSION_S / 2:
            role_named(role_arn)
            known = _sts().assume_role(region, session, role_arn, None, SESSION_S, None)
            self._sessions[f"{role_arn} {session}"] = known
        return Credentials(known.access_key_id, known.secret_access_key, known.session_token)


def caller_of_role(role_arn: str, session: str) -> Caller:
    """Raises LookupError where there is no such role."""
    role = role_named(role_arn)
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/{session}"
    names = frozenset({arn, role.arn, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"})
    return Caller(arn, names, role=role.name, tags=plain_tags(role.tags))


def statements_for(caller: Caller) -> list[Statement]:
    """Of all policies of a role or a user, inline and attached. Raises PolicyNotUnderstood."""
    iam = _iam()
    if caller.role:
        role = iam.get_role(caller.role)
        return _statements([*role.policies.values(), *_attached(role)])
    if caller.user:
        user = iam.get_user(caller.user)
        inline = [
            policy["policy_document"] if isinstance(policy, dict) else policy for policy in user.policies.values()
        ]
        return _statements([*inline, *_attached(user)])
    return []


def role_named(arn: str) -> Any:
    """moto's role. Raises LookupError."""
    for role in _iam().roles.values():
        if role.arn == arn:
            return role
    raise LookupError(f"there is no role {arn}")


def role_of_profile(profile: str) -> str | None:
    for each in _iam().instance_profiles.values():
        if profile in (each.arn, each.name):
            return str(each.roles[0].arn) if each.roles else None
    return None


def role_of(arn: str | None) -> str | None:
    """The ARN of a role: as it is given, or that of the instance profile that is given."""
    return arn if arn and ":role/" in arn else role_of_profile(arn) if arn else None


def _statements(documents: Iterable[Any]) -> list[Statement]:
    texts = [text if isinstance(text, str) else json.dumps(text) for text in documents]
    return [statement for text in texts for statement in _parsed(text)]


def _attached(owner: Any) -> list[str]:
    versions = (version for policy in owner.managed_policies.values() for version in policy.versions)
    return [version.document for version in versions if version.is_default]


def _of_user(access_key: str) -> tuple[Caller, Credentials]:
    for user in _iam().users.values():
        for key in user.access_keys:
            if key.access_key_id == access_key and key.status == "Active":
                names = frozenset({user.arn, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"})
                return Caller(user.arn, names, user=user.name), Credentials(access_key, key.secret_access_key)
    raise KeyUnknown(access_key)


def _of_session(access_key: str, token: str) -> tuple[Caller, Credentials]:
    for session in _sts().assumed_roles:
        if session.access_key_id == access_key and session.session_token == token and session.expiration > _now():
            try:
                caller = caller_of_role(session.role_arn, session.session_name)
            except LookupError as error:
                raise KeyUnknown(access_key) from error
            return caller, Credentials(access_key, session.secret_access_key, token)
    raise KeyUnknown(access_key)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)  # moto's times are UTC and say no zone


def _iam() -> Any:
    return get_backend("iam")[ACCOUNT]["aws"]


def _sts() -> Any:
    return get_backend("sts")[ACCOUNT]["aws"]
