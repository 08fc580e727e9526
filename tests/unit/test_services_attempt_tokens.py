"""A token speaks for one attempt at one task, to whoever knows the secrets, and for nothing else."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import errors
from chalicelib.domain.ports import Holder
from chalicelib.services.keyring import Keyring
from chalicelib.services.tasks import attempt_tokens
from chalicelib.services.tasks.attempt_tokens import attempt_of, sign
from tests.each_case import each_case

RUNNERS = frozenset({"admin", "runner"})


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def keyring(**keys: list[str]) -> Keyring:
    return Keyring(lambda: json.dumps({role: [digest(key) for key in held] for role, held in keys.items()}))


@given(secret=st.text(), task=st.text(), attempt=st.integers(1, 999_999))
def test_a_token_names_its_attempt_to_who_knows_the_secret(secret: str, task: str, attempt: int) -> None:
    token = sign("s" + secret, task, attempt)
    assert attempt_of(token, task, ["other", "s" + secret]) == attempt
    assert attempt_of(token, task + "1", ["s" + secret]) is None
    assert attempt_of(token, task, ["other"]) is None
    assert attempt_of(token, task, []) is None


def test_no_character_of_a_token_can_be_changed() -> None:
    token = sign("secret", "r.1", 12)
    for place in range(len(token) - 1):  # the last one holds two bits that no decoder looks at; it is compared, too
        other = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert attempt_of(other, "r.1", ["secret"]) is None
    for other in (token[:-1], token + "=", token + "A", " " + token, token + "\n", token.upper(), ""):
        assert attempt_of(other, "r.1", ["secret"]) is None


@each_case(("task", "attempt", "same"), [("r.1", 12, True), ("r.11", 2, False), ("r.1 1", 2, False), ("r.1", 2, False)])
def test_task_and_attempt_cannot_flow_into_each_other(task: str, attempt: int, same: bool) -> None:
    assert (sign("s", task, attempt) == sign("s", "r.1", 12)) is same


def test_a_token_is_admitted_for_its_task_only() -> None:
    keys = keyring(admin=["root"], runner=["fleet"])
    token = keys.signer()("r.1", 3)
    assert keys.holder(f"Bearer {token}", RUNNERS, task_id="r.1") == Holder(3)
    assert keys.holder("bearer fleet", RUNNERS, task_id="r.1") == Holder(None, fleet_key=True)
    assert keys.holder("Bearer root", RUNNERS, task_id="r.1") == Holder(None)
    for header in (f"Bearer {token}", "Bearer wrong", "", None):
        with pytest.raises(errors.Unauthorized):
            keys.holder(header, RUNNERS, task_id="r.2")


def test_a_token_is_no_key() -> None:
    keys = keyring(admin=["root"], runner=["fleet"])
    with pytest.raises(errors.Unauthorized):
        keys.admit(f"Bearer {keys.signer()('r.1', 1)}", frozenset({"admin", "runner", "reader"}))


def test_tokens_outlast_a_new_admin_key_while_the_old_one_stays() -> None:
    token = keyring(admin=["old"]).signer()("r.1", 1)
    assert keyring(admin=["new", "old"]).holder(token, RUNNERS, task_id="r.1") == Holder(1)
    with pytest.raises(errors.Unauthorized):
        keyring(admin=["new"]).holder(token, RUNNERS, task_id="r.1")


def test_who_holds_a_runners_key_cannot_make_tokens() -> None:
    keys = keyring(admin=["root"], runner=["fleet"], reader=["eye"])
    for known in ("fleet", "eye", digest("fleet"), digest("eye"), ""):
        with pytest.raises(errors.Unauthorized):
            keys.holder(attempt_tokens.sign(known, "r.1", 1), RUNNERS, task_id="r.1")


@each_case("keys", [{}, {"runner": ["fleet"]}, {"admin": []}])
def test_without_an_admin_key_there_is_no_secret(keys: dict[str, Any]) -> None:
    with pytest.raises(errors.Unavailable, match="admin key") as refused:
        keyring(**keys).signer()
    assert refused.value.code == "keys_unavailable"
    with pytest.raises(errors.Unauthorized):
        keyring(**keys).holder(attempt_tokens.sign("", "r.1", 1), RUNNERS, task_id="r.1")
