"""Who may do what: by the key, by its role, and never by anything else."""

import hashlib
import json
from collections.abc import Mapping

import pytest

from chalicelib.domain.errors import Forbidden, Unauthorized, Unavailable
from chalicelib.services.keyring import Keyring
from tests.each_case import each_case

ANY = frozenset({"admin", "runner", "reader"})


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def keyring(**keys: list[str]) -> Keyring:
    document = {role: [digest(key) for key in of_role] for role, of_role in keys.items()}
    return Keyring(lambda: json.dumps(document))


KEYS: Mapping[str, list[str]] = {"admin": ["old", "new"], "runner": ["r"], "reader": ["l"], "owner": ["o"]}


@each_case(
    ("header", "role"),
    [
        ("Bearer old", "admin"), ("Bearer new", "admin"), ("Bearer r", "runner"), ("Bearer l", "reader"),
        ("bearer old", "admin"), ("BEARER   old  ", "admin"), ("  Bearer old", "admin"), ("old", "admin"), (" old ", "admin"),
    ],
)  # fmt: skip
def test_a_key_has_its_role(header: str, role: str) -> None:
    assert keyring(**KEYS).admit(header, ANY) == role


@each_case(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer OLD", "Basic old", "Bearer old new", "Bearer \udcff", "Bearer o", "o",
     f"Bearer {digest('old')}", "Bearerold"],
)  # fmt: skip
def test_whatever_else_is_no_key(header: str | None) -> None:
    """A role that nobody knows (`owner`) admits nobody; a digest is no key."""
    with pytest.raises(Unauthorized):
        keyring(**KEYS).admit(header, ANY)


def test_nobody_is_admitted_where_there_are_no_keys() -> None:
    with pytest.raises(Unauthorized):
        keyring().admit("Bearer old", ANY)


@each_case(("key", "allowed"), [("r", {"admin"}), ("l", {"admin", "runner"}), ("old", set())])
def test_a_known_key_may_not_do_everything(key: str, allowed: set[str]) -> None:
    with pytest.raises(Forbidden) as refused:
        keyring(**KEYS).admit(f"Bearer {key}", frozenset(allowed))
    assert ", ".join(sorted(allowed)) in refused.value.words


@each_case("document", ["", "nonsense", "[]1", "3", '{"admin": 3}', '["admin"]', "null"])
def test_keys_that_cannot_be_read_admit_nobody_and_are_our_fault(document: str) -> None:
    with pytest.raises(Unavailable) as refused:
        Keyring(lambda: document).admit("Bearer old", ANY)
    assert refused.value.code == "keys_unavailable"


def test_a_store_that_does_not_answer_is_our_fault() -> None:
    def fetch() -> str:
        raise OSError("no answer")

    with pytest.raises(Unavailable):
        Keyring(fetch).admit("Bearer old", ANY)


@each_case(("key", "role"), [("old", "admin"), ("r", "runner"), ("l", "reader")])
def test_who_has_a_key_is_told(key: str, role: str) -> None:
    assert keyring(**KEYS).bearer(f"Bearer {key}")[0] == role


def test_each_key_has_an_id_from_which_nothing_that_is_held_can_be_told() -> None:
    known = keyring(**KEYS)
    ids = {key: known.bearer(key)[1] for key in ("old", "new", "r", "l")}
    assert len(set(ids.values())) == 4
    assert all(len(found) == 12 and found not in digest(key) for key, found in ids.items())
    assert known.bearer("Bearer old")[1] == ids["old"]


@each_case("header", [None, "", "Bearer o", "Bearer unknown"])
def test_nobody_is_told_who_an_unknown_key_is(header: str | None) -> None:
    with pytest.raises(Unauthorized):
        keyring(**KEYS).bearer(header)
