"""The keys of a control plane: made once, by whoever deploys first.

The order makes each kill harmless: plain keys are in a private file of this machine before anything is in the account, and the
file goes when the profile has them.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.parameters import Parameters
from benchfleet.local.files import read_own, replace_whole

_BYTES = 32
_MOST = 64 * 1024
ROLES = ("admin", "runner", "reader")

Digests = dict[str, list[str]]


@dataclass(frozen=True)
class Keys:
    """`admin` is None if the control plane has keys already and this machine has none of them."""

    admin: str | None = field(repr=False)
    runner: str = field(repr=False)
    made: bool


class KeyStore:
    """The keys of one stage. `pending` is the file that holds fresh keys until the profile has them."""

    def __init__(self, aws: Aws, stage: str, *, pending: Path) -> None:
        self._parameters = Parameters(aws, stage)
        self._stage = stage
        self._pending = pending

    @property
    def digests_parameter(self) -> str:
        return f"/benchfleet-{self._stage}/keys"

    @property
    def runner_parameter(self) -> str:
        return f"/benchfleet-{self._stage}/runner-key"

    def there(self) -> bool:
        return bool(self._digests().get("admin"))

    def ensure(self, known: Sequence[str] = (), *, one_more: bool = False) -> Keys:
        """`known` are keys of this machine that may be the admin's. `one_more` makes another admin key.

        Raises DeployError if the parameter is no document of digests.
        """
        digests = self._digests()
        admin = _first_of(digests["admin"], [*known, *self._kept()])
        made = one_more or not digests["admin"]
        if made and (admin is None or one_more):
            admin = next(iter(self._kept()), None) or self._keep(secrets.token_urlsafe(_BYTES))
        runner = self._runner_key()
        wanted = _with(_with(digests, "runner", runner), "admin", admin if made else None)
        if wanted != digests:
            self._parameters.put(self.digests_parameter, json.dumps(wanted), secret=True)
        return Keys(admin, runner, made)

    def saved(self) -> None:
        """The profile has the admin key now."""
        self._pending.unlink(missing_ok=True)

    def _runner_key(self) -> str:
        if found := self._parameters.get(self.runner_parameter):
            return found
        key = secrets.token_urlsafe(_BYTES)
        self._parameters.put(self.runner_parameter, key, secret=True)
        return key

    def _kept(self) -> list[str]:
        """The key of a command that was killed before the profile had it."""
        try:
            return read_own(self._pending, most_bytes=_MOST).decode().split()
        except FileNotFoundError:
            return []

    def _keep(self, key: str) -> str:
        self._pending.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_whole(self._pending, f"{key}\n".encode(), mode=0o600)
        os.sync()
        return key

    def _digests(self) -> Digests:
        text = self._parameters.get(self.digests_parameter) or "{}"
        try:
            found = json.loads(text)
            return {role: [str(digest) for digest in found.get(role, [])] for role in {**dict.fromkeys(ROLES), **found}}
        except (ValueError, TypeError, AttributeError) as error:
            raise DeployError(
                f"the parameter {self.digests_parameter} holds no digests of keys",
                remedy="restore it from its history (`aws ssm get-parameter-history`), or delete it to have new keys made",
            ) from error


def digest(key: str) -> str:
    """As the control plane compares it: SHA-256 in hex."""
    return hashlib.sha256(key.encode()).hexdigest()


def _first_of(digests: Sequence[str], keys: Sequence[str]) -> str | None:
    return next((key for key in keys if digest(key) in digests), None)


def _with(digests: Mapping[str, Any], role: str, key: str | None) -> Digests:
    """The digest last: tokens of attempts are signed with the first admin's."""
    there = list(digests.get(role, []))
    more = [digest(key)] if key and digest(key) not in there else []
    return {**digests, role: [*there, *more]}
