"""The keys of a control plane: made once, by whoever deploys first.

The order makes each kill harmless: plain keys are in a private file of this machine before anything is in the account, and the
file goes when the profile has them.
"""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.keyring import Keyring, KeyringParameter, digest
from benchfleet.local.files import read_own, replace_whole

_BYTES = 32
_MOST = 64 * 1024


@dataclass(frozen=True)
class Keys:
    """`admin` is None if the control plane has keys already and this machine has none of them."""

    admin: str | None = field(repr=False)
    runner: str = field(repr=False)
    made: bool


class KeyStore:
    """The keys of one stage. `pending` is the file that holds fresh keys until the profile has them."""

    def __init__(self, aws: Aws, stage: str, *, pending: Path) -> None:
        self._parameter = KeyringParameter(aws, stage)
        self._pending = pending

    def ensure(self, known: Sequence[str] = (), *, one_more: bool = False) -> Keys:
        """`known` are keys of this machine that may be the admin's. `one_more` makes another admin key.

        Raises DeployError if the parameter is no document of digests.
        """
        there = self._parameter.read()
        admins = there.digests["admin"]
        admin = _first_of(admins, [*known, *self._kept()])
        made = one_more or not admins
        if made and (admin is None or one_more):
            admin = next(iter(self._kept()), None) or self._keep(secrets.token_urlsafe(_BYTES))
        runner = self._runner_key()
        wanted = _with(_with(there, "runner", runner), "admin", admin if made else None)
        if wanted != there:
            self._parameter.write(wanted)
        return Keys(admin, runner, made)

    def saved(self) -> None:
        """The profile has the admin key now."""
        self._pending.unlink(missing_ok=True)

    def _runner_key(self) -> str:
        if found := self._parameter.runner_key():
            return found
        key = secrets.token_urlsafe(_BYTES)
        self._parameter.put_runner_key(key)
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


def _first_of(digests: Sequence[str], keys: Sequence[str]) -> str | None:
    return next((key for key in keys if digest(key) in digests), None)


def _with(there: Keyring, role: str, key: str | None) -> Keyring:
    """With a name that tells which command has made it."""
    if not key or digest(key) in there.digests[role]:
        return there
    names = {name for name, _ in there.about.values()}
    count = next(number for number in range(1, len(names) + 2) if f"deploy-{role}-{number}" not in names)
    return there.with_key(role, digest(key), name=f"deploy-{role}-{count}", day=datetime.now(UTC).date().isoformat())
