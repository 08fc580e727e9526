"""Keys made, listed and revoked in the emulator's parameter store, and what the control plane makes of the document."""

import json
from datetime import date
from typing import Any

import pytest
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.key_list import KeyList
from benchfleet.deploy.keyring import KeyringParameter, digest
from benchfleet.exceptions import UsageError

from chalicelib.domain.errors import Unauthorized
from chalicelib.services.keyring import Keyring
from tests.conftest import Aws
from tests.integration.test_deploy_keys import OneClient

DAY = date(2026, 11, 29)
ALL = frozenset(["admin", "runner", "reader"])


def keys(ssm: Any, stage: str, old: dict[str, list[str]]) -> KeyList:
    """`old` is a document of before there were names."""
    ssm.put_parameter(Name=f"/benchfleet-{stage}/keys", Value=json.dumps(old), Type="SecureString")
    account: Any = OneClient(ssm)
    return KeyList(KeyringParameter(account, stage), today=lambda: DAY)


def control_plane(ssm: Any, stage: str) -> Keyring:
    return Keyring(
        lambda: ssm.get_parameter(Name=f"/benchfleet-{stage}/keys", WithDecryption=True)["Parameter"]["Value"]
    )


def test_a_key_works_from_its_creation_until_it_is_revoked_beside_those_of_before_there_were_names(aws: Aws) -> None:
    ssm = aws.client("ssm")
    ours = keys(ssm, "l1", {"admin": [digest("old")], "runner": [], "reader": []})
    made = ours.create("reader", "ci")
    assert [(it.role, it.name, it.created) for it in ours.list()] == [
        ("admin", None, None), ("reader", "ci", "2026-11-29"),
    ]  # fmt: skip
    ring = control_plane(ssm, "l1")
    assert [ring.admit(key, ALL) for key in ("old", made.key)] == ["admin", "reader"]
    assert made.key not in repr(made)
    assert made.key not in ssm.get_parameter(Name="/benchfleet-l1/keys", WithDecryption=True)["Parameter"]["Value"]
    with pytest.raises(UsageError, match="called ci already"):
        ours.create("runner", "ci")
    assert ours.revoke("ci").key_id == digest(made.key)[:12]
    with pytest.raises(Unauthorized):
        ring.admit(made.key, ALL)
    assert ring.admit("old", ALL) == "admin"
    with pytest.raises(UsageError, match="no key called ci"):
        ours.revoke("ci")


def test_the_last_admin_key_goes_only_by_force(aws: Aws) -> None:
    ours = keys(aws.client("ssm"), "l2", {"admin": [digest("old")]})
    with pytest.raises(DeployError, match="is the last admin key") as refused:
        ours.revoke(digest("old")[:12])
    assert refused.value.exit_code == 5
    ours.create("admin", "second")
    ours.revoke(digest("old")[:12])
    assert [it.name for it in ours.list("admin")] == ["second"]
    ours.revoke("second", force=True)
    with pytest.raises(DeployError, match="the stage has no keys"):
        ours.list()


def test_the_key_of_machines_is_rotated_without_a_moment_in_which_none_works(aws: Aws) -> None:
    ssm = aws.client("ssm")
    ours = keys(ssm, "l3", {"admin": [digest("a")], "runner": [digest("first")]})
    ssm.put_parameter(Name="/benchfleet-l3/runner-key", Value="first", Type="SecureString")
    with pytest.raises(DeployError, match="machines use the key"):
        ours.revoke(digest("first")[:12])
    made = ours.create("runner", "next", for_machines=True)
    assert ssm.get_parameter(Name="/benchfleet-l3/runner-key", WithDecryption=True)["Parameter"]["Value"] == made.key
    assert [control_plane(ssm, "l3").admit(key, ALL) for key in ("first", made.key)] == ["runner", "runner"]
    assert [(it.name, it.of_machines) for it in ours.list("runner")] == [(None, False), ("next", True)]
    ours.revoke(digest("first")[:12])


def test_a_full_document_says_what_to_do(aws: Aws) -> None:
    ours = keys(aws.client("ssm"), "l4", {"admin": [digest(str(number)) for number in range(60)]})
    with pytest.raises(DeployError, match=r"no room for another key.*revoke keys"):
        ours.create("reader", "one-more")
