"""Attribute values: one spelling for equal ones, sizes, limits, and what is no value at all."""

from typing import Any

import pytest

from local_emulator.dynamodb.faults import Fault
from local_emulator.dynamodb.sizes import item_bytes
from local_emulator.dynamodb.values import value
from tests.each_case import each_case
from tests.unit.dynamodb_asking import Asking, item, plain, wire


@each_case(
    ("given", "kept"),
    [
        ("1.50", "1.5"), ("15E-1", "1.5"), ("+7", "7"), ("007", "7"), ("-0", "0"), ("-0.0", "0"), ("1e3", "1000"),
        (".5", "0.5"), ("5.", "5"), ("0." + "0" * 129 + "1", "0." + "0" * 129 + "1"), ("9E125", "9" + "0" * 125),
        ("1" * 38, "1" * 38), ("1" * 38 + "000", "1" * 38 + "000"),
    ],
)  # fmt: skip
def test_numbers_have_one_spelling(given: str, kept: str) -> None:
    assert value({"N": given}) == {"N": kept}


@each_case(
    ("given", "words"),
    [
        ("", "cannot be converted to a numeric value"),
        ("x", "cannot be converted to a numeric value: x"),
        ("NaN", "cannot be converted"),
        ("Infinity", "cannot be converted"),
        ("1_000", "cannot be converted"),
        (" 1", "cannot be converted"),
        ("1\n", "cannot be converted"),
        ("\u0661", "cannot be converted"),  # a digit, but not one of ours
        ("1" * 39, "more than 38 significant digits"),
        ("1E126", "Number overflow"),
        ("-1E126", "Number overflow"),
        ("1E-131", "Number underflow"),
        ("1E99999", "cannot be converted"),
    ],
)
def test_what_is_no_number(given: str, words: str) -> None:
    with pytest.raises(Fault, match=words) as fault:
        value({"N": given})
    assert fault.value.code == "ValidationException"


def test_sets_have_one_order() -> None:
    assert value({"NS": ["10", "9", "1.0"]}) == {"NS": ["1", "9", "10"]}
    assert value({"SS": ["b", "a"]}) == {"SS": ["a", "b"]}
    assert value({"BS": ["/w==", "AA=="]}) == {"BS": ["AA==", "/w=="]}


@each_case(
    ("given", "code"),
    [
        ({}, "ValidationException"),
        ({"S": "a", "N": "1"}, "ValidationException"),
        ({"X": "a"}, "ValidationException"),
        ({"SS": []}, "ValidationException"),
        ({"NS": ["1", "1.0"]}, "ValidationException"),
        ({"SS": ["a", "a"]}, "ValidationException"),
        ({"NULL": False}, "ValidationException"),
        ("text", "SerializationException"),
        (None, "SerializationException"),
        ([], "SerializationException"),
        ({"S": 1}, "SerializationException"),
        ({"S": None}, "SerializationException"),
        ({"N": 1}, "SerializationException"),
        ({"N": {"deep": []}}, "SerializationException"),
        ({"B": "no base64!"}, "SerializationException"),
        ({"B": 5}, "SerializationException"),
        ({"BOOL": "true"}, "SerializationException"),
        ({"BOOL": 1}, "SerializationException"),
        ({"M": []}, "SerializationException"),
        ({"L": {}}, "SerializationException"),
        ({"SS": "ab"}, "SerializationException"),
        ({"SS": [1]}, "SerializationException"),
        ({"NS": [["1"]]}, "SerializationException"),
        ({"L": [{"S": 1}]}, "SerializationException"),
    ],
)
def test_what_is_no_value(given: Any, code: str) -> None:
    with pytest.raises(Fault) as fault:
        value(given)
    assert fault.value.code == code


def test_32_levels_and_no_more() -> None:
    nested: Any = "x"
    for _ in range(32):
        nested = [nested]
    assert value(wire(nested)) == wire(nested)
    with pytest.raises(Fault, match="Nesting Levels have exceeded supported limits"):
        value(wire([nested]))


@each_case(
    ("one", "size"),
    [
        ({"S": "\u00e9\u20ac"}, 5), ({"N": "12345"}, 4), ({"N": "-1.5"}, 3), ({"N": "100"}, 2), ({"B": "AQIDBA=="}, 4),
        ({"BOOL": True}, 1), ({"NULL": True}, 1), ({"L": []}, 3), ({"M": {}}, 3), ({"SS": ["ab", "c"]}, 3),
        ({"L": [{"S": "ab"}]}, 6), ({"M": {"k": {"S": "ab"}}}, 7),
    ],
)  # fmt: skip
def test_sizes(one: Any, size: int) -> None:
    assert item_bytes({"name": one}) == len("name") + size


def test_an_item_may_have_400_kilobytes() -> None:
    db = Asking()
    room = 400 * 1024 - len("ppssa")
    db.put(a="x" * room)
    fault = db.refused("PutItem", Item=item(p="p", s="s", a="x" * (room + 1)))
    assert (fault.code, fault.message) == ("ValidationException", "Item size has exceeded the maximum allowed size")
    assert len(db.records()) == 1


@each_case(("kind", "one"), [("S", lambda n: "x" * n), ("B", lambda n: "AAAA" * (n // 3) + "AA==" * (n % 3))])
def test_how_large_a_key_may_be(kind: str, one: Any) -> None:
    db = Asking(plain(kind=kind, sort=kind))
    db("PutItem", Item={"p": {kind: one(2_047)}, "s": {kind: one(1_023)}})
    for name, size, word in (("p", 2_049, "hash"), ("s", 1_026, "range")):
        key = {"p": {kind: one(3)}, "s": {kind: one(3)}} | {name: {kind: one(size)}}
        assert f"Size of {word}key has exceeded" in db.refused("PutItem", Item=key).message
        assert f"Size of {word}key has exceeded" in db.refused("GetItem", Key=key).message


@each_case(
    ("key", "words"),
    [
        (item(p="p"), "The provided key element does not match the schema"),
        (item(p="p", s="s", n=1), "does not match the schema"),
        (item(p="p", s=1), "does not match the schema"),
        (item(p="p", s=""), "cannot contain an empty string value. Key: s"),
    ],
)
def test_what_is_no_key(key: Any, words: str) -> None:
    db = Asking()
    for operation in ("GetItem", "DeleteItem", "UpdateItem"):
        assert words in db.refused(operation, Key=key).message
    assert db.refused("PutItem", Item=item(p="p")).message.endswith("Missing the key s in the item")
    assert "Type mismatch for key s Expected: S Actual: N" in db.refused("PutItem", Item=item(p="p", s=1)).message
