"""Update expressions: what they make of an item, and what they refuse."""

import pytest

from tests.each_case import each_case
from tests.unit.dynamodb_asking import Asking, item, wire


@pytest.fixture
def db() -> Asking:
    return Asking()


def test_all_sections_at_once_see_the_item_as_it_was(db: Asking) -> None:
    db.put(a=1, b=2, tags={"x", "y"})
    found = db.update(
        "SET a = b, c = a + :one REMOVE b ADD tally :one DELETE tags :x", values={"one": 1, "x": {"SS": ["x"]}}
    )
    assert found == item(a=2, c=2, tally=1, tags={"y"})


def test_an_item_that_is_not_there_is_made(db: Asking) -> None:
    assert db("UpdateItem", Key=item(p="p", s="s"), ReturnValues="ALL_NEW")["Attributes"] == item(p="p", s="s")
    assert db.update("SET a = if_not_exists(a, :v), l = list_append(if_not_exists(l, :e), :e)",
                     values={"v": 1, "e": ["x"]}) == item(a=1, l=["x", "x"])  # fmt: skip


@each_case(
    ("left", "sign", "right", "result"),
    [
        ("0.1", "+", "0.2", "0.3"),
        ("1.50", "-", "1.5", "0"),
        ("-5", "-", "-5", "0"),
        ("99999999999999999999", "+", "1", "100000000000000000000"),
        ("1E3", "+", "0", "1000"),
        ("1", "-", "1E-10", "0.9999999999"),
    ],
)
def test_sums_are_exact(db: Asking, left: str, sign: str, right: str, result: str) -> None:
    found = db.update(f"SET n = :a {sign} :b", values={"a": {"N": left}, "b": {"N": right}})
    assert found == {"n": {"N": result}}


def test_nested_paths(db: Asking) -> None:
    db.put(m={"M": {"x": {"N": "1"}, "l": wire([1, 2, 3])}})
    found = db.update("SET m.y = m.x + :one, m.l[1] = :t REMOVE m.x", values={"one": 1, "t": "two"})
    assert found == {"m": {"M": {"y": {"N": "2"}, "l": wire([1, "two", 3])}}}
    assert db.update("ADD m.y :one", values={"one": 1})["m"]["M"]["y"] == {"N": "3"}


def test_what_is_set_behind_the_end_of_a_list_is_appended_in_the_order_of_its_index(db: Asking) -> None:
    db.put(l=[0])
    assert db.update("SET l[9] = :b, l[7] = :a", values={"a": "a", "b": "b"}) == item(l=[0, "a", "b"])


def test_elements_are_removed_by_the_places_they_had(db: Asking) -> None:
    db.put(l=[0, 1, 2, 3, 4])
    assert db.update("REMOVE l[1], l[3], l[9]") == item(l=[0, 2, 4])
    assert db.update("SET l[0] = :v REMOVE l[1]", values={"v": "x"}) == item(l=["x", 4])


def test_two_attributes_set_to_one_value_are_two(db: Asking) -> None:
    db.update("SET a = :v, b = :v", values={"v": {"M": {"x": {"N": "1"}}}})
    found = db.update("SET a.x = :two", values={"two": 2})
    assert (found["a"], found["b"]) == ({"M": item(x=2)}, {"M": item(x=1)})


def test_members_of_sets(db: Asking) -> None:
    assert db.update("ADD t :v", values={"v": {"NS": ["2", "10"]}}) == {"t": {"NS": ["2", "10"]}}
    assert db.update("ADD t :v", values={"v": {"NS": ["2.0", "1"]}}) == {"t": {"NS": ["1", "2", "10"]}}
    assert db.update("DELETE t :v", values={"v": {"NS": ["1", "2", "10", "11"]}}) == {}  # no set is empty
    assert db.update("DELETE t :v", values={"v": {"NS": ["1"]}}) == {}


@each_case(
    ("text", "values", "words"),
    [
        ("SET", {}, "Syntax error"),
        ("", {}, "The expression can not be empty"),
        ("PUT a = :v", {"v": 1}, 'Syntax error; token: "PUT"'),
        ("SET a = :v SET b = :v", {"v": 1}, 'The "SET" section can only be used once'),
        ("SET a = :v,", {"v": 1}, "Syntax error"),
        ("SET a = :v, a = :v", {"v": 1}, "paths overlap with each other; must remove or rewrite one of these paths; path one"),
        ("SET a.b = :v REMOVE a", {"v": 1}, "path one: [a, b], path two: [a]"),
        ("SET a = :v REMOVE a.b[0]", {"v": 1}, "path one: [a], path two: [a, b, [0]]"),
        ("SET a.b = :v REMOVE a[0]", {"v": 1}, "Two document paths conflict with each other"),
        ("SET p = :v", {"v": "q"}, "Cannot update attribute p. This attribute is part of the key"),
        ("REMOVE s", {}, "Cannot update attribute s. This attribute is part of the key"),
        ("SET a = size(b)", {}, "Invalid function name; function: size"),
        ("SET a = if_not_exists(:v, :v)", {"v": 1}, "requires a document path; operator or function: if_not_exists"),
        ("SET a = list_append(b)", {}, "Incorrect number of operands"),
        ("SET a = list_append(b, :v)", {"v": 1}, "operator or function: list_append, operand type: N"),
        ("SET a = b + :v", {"v": "x"}, "operator or function: +, operand type: S"),
        ("ADD a :v", {"v": "x"}, "operator: ADD, operand type: S"),
        ("DELETE a :v", {"v": 1}, "operator: DELETE, operand type: N"),
        ("ADD a b", {}, "Syntax error"),
        ("SET order = :v", {"v": 1}, "reserved keyword: order"),
        ("SET a = " + "list_append(" * 200 + ":v, :v" + ", :v)" * 200, {"v": [1]}, "too many nesting levels"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_before_the_condition_is_asked(
    db: Asking, text: str, values: dict[str, object], words: str
) -> None:
    asked = {"values": values} if values else {}
    for more in ({}, {"ConditionExpression": "attribute_exists(absent)"}):
        fault = db.update_refused(text, **more, **asked)
        assert (fault.code, words in fault.message) == ("ValidationException", True), fault.message
    assert db.records() == []


@each_case(
    ("text", "value", "words"),
    [
        ("SET a = absent + :v", 1, "refers to an attribute that does not exist in the item"),
        ("SET a = word + :v", 1, "incorrect data type"),
        ("SET a = list_append(word, :v)", [1], "incorrect data type"),
        ("ADD word :v", 1, "incorrect data type"),
        ("DELETE word :v", {"SS": ["a"]}, "incorrect data type"),
        ("SET word.x = :v", 1, "document path provided in the update expression is invalid for update"),
        ("SET absent.x = :v", 1, "invalid for update"),
        ("SET l.x = :v", 1, "invalid for update"),
        ("SET m[0] = :v", 1, "invalid for update"),
        ("SET n = :v", "text", "Type mismatch for Index Key n Expected: N Actual: S IndexName: local"),
        ("SET h = :v", "", "empty string value"),
        ("SET g = :v", "x" * 1025, "exceeded the maximum size limit of1024 bytes"),
        ("SET a = :v", "x" * 409_600, "Item size to update has exceeded the maximum allowed size"),
        ("SET a = big + :v", 1, "more than 38 significant digits"),
        ("ADD huge :v", {"N": "9E125"}, "Number overflow"),
    ],
)
def test_what_does_not_fit_the_item_changes_nothing(db: Asking, text: str, value: object, words: str) -> None:
    db.put(word="t", l=[1], m={"M": {}}, n=1, h="h", g="g", big={"N": "0.1" + "0" * 36 + "1"}, huge={"N": "9E125"})
    before = list(db.table.items()), db.records(), db("Scan", IndexName="global"), db("Scan", IndexName="local")
    fault = db.update_refused(f"{text}", values={"v": value})
    assert (fault.code, words in fault.message) == ("ValidationException", True), fault.message
    after = list(db.table.items()), db.records(), db("Scan", IndexName="global"), db("Scan", IndexName="local")
    assert after == before


def test_no_item_grows_deeper_than_32_levels(db: Asking) -> None:
    db.put(m={"M": {}})
    for _ in range(6):
        db.update("SET m.m = m")
    nested: object = "x"
    for _ in range(31):
        nested = [nested]
    fault = db.update_refused("SET m.m.m = :v", values={"v": nested})
    assert "Nesting Levels have exceeded supported limits" in fault.message
    for _ in range(26):
        db.update("SET m.m = m")
    assert "Nesting Levels have exceeded supported limits" in db.update_refused("SET m.m = m").message


def test_return_values(db: Asking) -> None:
    db.put(a=1, b=2, m={"M": {"x": {"N": "1"}, "y": {"N": "2"}}})
    asked = {"UpdateExpression": "SET a = a + :one, m.x = :one, c = :one REMOVE b", "values": {"one": 1}}
    key = item(p="p", s="s")
    told = {}
    for kind in ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"):
        db.put(a=1, b=2, m={"M": {"x": {"N": "0"}, "y": {"N": "2"}}})
        told[kind] = db("UpdateItem", Key=key, ReturnValues=kind, **asked).get("Attributes")
    assert told["NONE"] is None
    assert told["ALL_OLD"] == key | item(a=1, b=2, m={"M": {"x": {"N": "0"}, "y": {"N": "2"}}})
    assert told["ALL_NEW"] == key | item(a=2, c=1, m={"M": {"x": {"N": "1"}, "y": {"N": "2"}}})
    assert told["UPDATED_OLD"] == item(a=1, b=2, m={"M": {"x": {"N": "0"}}})
    assert told["UPDATED_NEW"] == item(a=2, c=1, m={"M": {"x": {"N": "1"}}})
    assert "enum value set" in db.refused("UpdateItem", Key=key, ReturnValues="SOME").message
    for operation, given in (("PutItem", {"Item": key}), ("DeleteItem", {"Key": key})):
        assert db.refused(operation, ReturnValues="ALL_NEW", **given).code == "ValidationException"
