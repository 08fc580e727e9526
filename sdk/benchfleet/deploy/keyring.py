"""The document of key digests as it is in the parameter store, and the runner key beside it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.parameters import Parameters

ROLES = ("admin", "runner", "reader")
ABOUT = "about"  # the control plane takes it for a role that nobody has
_MOST_BYTES = 4096  # of a standard parameter

Digests = dict[str, list[str]]


@dataclass(frozen=True)
class Keyring:
    """`digests` by role; `about` has name and day by the first 12 characters of a digest."""

    digests: Digests
    about: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def with_key(self, role: str, found: str, *, name: str, day: str) -> "Keyring":
        """The digest last: tokens of attempts are signed with the first admin's."""
        there = [*self.digests.get(role, []), found]
        return Keyring({**self.digests, role: there}, {**self.about, found[:12]: (name, day)})

    def without(self, role: str, key_id: str) -> "Keyring":
        there = [it for it in self.digests[role] if not it.startswith(key_id)]
        return Keyring({**self.digests, role: there}, {key: it for key, it in self.about.items() if key != key_id})

    def text(self) -> str:
        about = {ABOUT: {key: list(it) for key, it in self.about.items()}} if self.about else {}
        return json.dumps({**self.digests, **about})


def parsed(text: str) -> Keyring:
    """Also a document of before there were names. Raises ValueError for anything else."""
    try:
        found: dict[str, Any] = json.loads(text)
        about = {str(key): (str(it[0]), str(it[1])) for key, it in found.pop(ABOUT, {}).items()}
        roles = {role: [str(it) for it in found.get(role, [])] for role in {**dict.fromkeys(ROLES), **found}}
    except (TypeError, AttributeError, LookupError) as error:
        raise ValueError("no document of digests") from error
    return Keyring(roles, about)


class KeyringParameter:
    """Of one stage."""

    def __init__(self, aws: Aws, stage: str) -> None:
        self._parameters = Parameters(aws, stage)
        self.digests_parameter = f"/benchfleet-{stage}/keys"
        self.runner_parameter = f"/benchfleet-{stage}/runner-key"

    def read(self) -> Keyring:
        """Empty if there is none. Raises DeployError if the parameter is no document of digests."""
        try:
            return parsed(self._parameters.get(self.digests_parameter) or "{}")
        except ValueError as error:
            raise DeployError(
                f"the parameter {self.digests_parameter} holds no digests of keys",
                remedy="restore it from its history (`aws ssm get-parameter-history`), or delete it to have new keys made",
            ) from error

    def write(self, keyring: Keyring) -> None:
        """Raises DeployError if the parameter store takes no document of this size."""
        text = keyring.text()
        if len(text.encode()) > _MOST_BYTES:
            raise DeployError(
                f"{self.digests_parameter} has no room for another key: a parameter takes {_MOST_BYTES} bytes",
                remedy="revoke keys that nobody uses (`benchfleet keys list`)",
            )
        self._parameters.put(self.digests_parameter, text, secret=True)

    def runner_key(self) -> str | None:
        """The plain key that machines fetch."""
        return self._parameters.get(self.runner_parameter)

    def put_runner_key(self, key: str) -> None:
        self._parameters.put(self.runner_parameter, key, secret=True)


def digest(key: str) -> str:
    """As the control plane compares it: SHA-256 in hex."""
    return hashlib.sha256(key.encode()).hexdigest()
