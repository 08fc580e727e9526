"""The keys of a deploy, in the emulator's parameter store: made once, and never lost to a kill."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.keyring import digest
from benchfleet.deploy.keys import KeyStore

from tests.conftest import Aws


class Stopped(BaseException):
    """The process is gone: nothing after this happens."""


class Dying:
    """A client that is killed before or after its `at`-th write."""

    def __init__(self, client: Any, at: int, *, after: bool) -> None:
        self._client, self._left, self._after = client, at, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_parameter(self, **arguments: Any) -> Any:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Stopped
        told = self._client.put_parameter(**arguments)
        if self._left == 0:
            raise Stopped
        return told


class OneClient:
    """Stands for `benchfleet.deploy.aws.Aws`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str) -> Any:
        return self._client


def store(client: Any, stage: str, folder: Path) -> KeyStore:
    account: Any = OneClient(client)
    return KeyStore(account, stage, pending=folder / "pending.key")


def digests(client: Any, stage: str) -> Any:
    text = client.get_parameter(Name=f"/benchfleet-{stage}/keys", WithDecryption=True)["Parameter"]["Value"]
    return {role: found for role, found in json.loads(text).items() if role != "about"}


def test_keys_are_made_once(aws: Aws, tmp_path: Path) -> None:
    ssm = aws.client("ssm")
    first = store(ssm, "k1", tmp_path).ensure()
    assert first.made
    assert first.admin is not None
    assert digests(ssm, "k1") == {"admin": [digest(first.admin)], "runner": [digest(first.runner)], "reader": []}
    assert repr(first) == "Keys(made=True)"
    again = store(ssm, "k1", tmp_path / "elsewhere").ensure([first.admin])
    assert (again.admin, again.runner, again.made) == (first.admin, first.runner, False)
    for name in ("keys", "runner-key"):
        assert ssm.get_parameter(Name=f"/benchfleet-k1/{name}")["Parameter"]["Type"] == "SecureString"


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("at", [1, 2])
def test_a_kill_at_any_write_loses_no_key(aws: Aws, tmp_path: Path, at: int, *, after: bool) -> None:
    ssm, stage = aws.client("ssm"), f"kill{at}{after}"
    with pytest.raises(Stopped):
        store(Dying(ssm, at, after=after), stage, tmp_path).ensure()
    kept = (tmp_path / "pending.key").read_text().strip()
    assert (tmp_path / "pending.key").stat().st_mode & 0o777 == 0o600
    found = store(ssm, stage, tmp_path).ensure()
    assert found.admin == kept
    assert digests(ssm, stage) == {"admin": [digest(kept)], "runner": [digest(found.runner)], "reader": []}


def test_a_second_machine_has_no_admin_key_until_it_asks_for_one_more(aws: Aws, tmp_path: Path) -> None:
    ssm = aws.client("ssm")
    first = store(ssm, "two", tmp_path / "one").ensure()
    other = store(ssm, "two", tmp_path / "other")
    assert (other.ensure(["something else"]).admin, digests(ssm, "two")["admin"]) == (None, [digest(first.admin or "")])
    more = other.ensure(one_more=True)
    assert more.admin is not None
    assert digests(ssm, "two")["admin"] == [digest(first.admin or ""), digest(more.admin)]  # the first signs tokens
    other.saved()
    assert not (tmp_path / "other" / "pending.key").exists()


def test_other_roles_and_keys_stay(aws: Aws, tmp_path: Path) -> None:
    ssm = aws.client("ssm")
    there = {"admin": ["a" * 64], "runner": ["b" * 64], "reader": ["c" * 64]}
    ssm.put_parameter(Name="/benchfleet-old/keys", Value=json.dumps(there), Type="SecureString")
    found = store(ssm, "old", tmp_path).ensure()
    assert digests(ssm, "old") == {**there, "runner": ["b" * 64, digest(found.runner)]}


def test_a_parameter_that_holds_something_else_is_not_overwritten(aws: Aws, tmp_path: Path) -> None:
    ssm = aws.client("ssm")
    ssm.put_parameter(Name="/benchfleet-odd/keys", Value="no JSON", Type="SecureString")
    with pytest.raises(DeployError, match=r"/benchfleet-odd/keys holds no digests of keys.*Remedy: restore it"):
        store(ssm, "odd", tmp_path).ensure()
