"""Queries and scans of the table and its indexes: order, bounds, pages."""

from typing import Any

import pytest

from tests.each_case import each_case
from tests.unit.dynamodb_asking import TABLE, Asking, definition, item, plain, wire


@pytest.fixture
def db() -> Asking:
    made = Asking()
    for number, sort in enumerate(("a", "ab", "b", "ba", "c")):
        made.put(s=sort, n=10 - number, h="h", g=sort, a=number, z="z")
    made.put(p="q", s="a")
    return made


def query(db: Asking, text: str, **values: Any) -> list[str]:
    more = {name: values.pop(name) for name in list(values) if name[0].isupper()}
    found = db("Query", KeyConditionExpression=text, values=values, **more)
    return [one["s"]["S"] for one in found["Items"]]


@each_case(
    ("text", "values", "found"),
    [
        ("p = :p", {}, ["a", "ab", "b", "ba", "c"]),
        ("p = :p AND s = :v", {"v": "b"}, ["b"]),
        ("p = :p AND s < :v", {"v": "b"}, ["a", "ab"]),
        ("p = :p AND s <= :v", {"v": "b"}, ["a", "ab", "b"]),
        ("p = :p AND s > :v", {"v": "b"}, ["ba", "c"]),
        ("s >= :v AND p = :p", {"v": "b"}, ["b", "ba", "c"]),
        ("p = :p AND s BETWEEN :v AND :w", {"v": "ab", "w": "ba"}, ["ab", "b", "ba"]),
        ("p = :p AND begins_with(s, :v)", {"v": "b"}, ["b", "ba"]),
        ("(p = :p) AND (begins_with(s, :v))", {"v": "x"}, []),
    ],
)
def test_bounds(db: Asking, text: str, values: dict[str, Any], found: list[str]) -> None:
    assert query(db, text, p="p", **values) == found
    assert query(db, text, p="p", ScanIndexForward=False, **values) == found[::-1]
    last = None
    paged: list[str] = []
    while True:  # one by one
        more: dict[str, Any] = {"ExclusiveStartKey": last} if last else {}
        page = db("Query", KeyConditionExpression=text, Limit=1, values={"p": "p"} | values, **more)
        paged += [one["s"]["S"] for one in page["Items"]]
        last = page.get("LastEvaluatedKey")
        if last is None:
            break
    assert paged == found


def test_indexes_have_an_order_of_their_own(db: Asking) -> None:
    assert query(db, "p = :p", p="p", IndexName="local") == ["c", "ba", "b", "ab", "a"]  # 6, 7, 8, 9 and 10: numbers
    assert query(db, "p = :p AND n > :v", p="p", v=8, IndexName="local") == ["ab", "a"]
    assert query(db, "h = :h AND begins_with(g, :v)", h="h", v="b", IndexName="global") == ["b", "ba"]


def test_an_index_holds_what_it_projects(db: Asking) -> None:
    found = db("Query", IndexName="global", KeyConditionExpression="h = :h", values={"h": "h"}, Limit=1)
    assert found["Items"] == [item(p="p", s="a", h="h", g="a", a=0)]
    assert found["LastEvaluatedKey"] == item(p="p", s="a", h="h", g="a")
    local = {"IndexName": "local", "KeyConditionExpression": "p = :p", "values": {"p": "p"}, "Limit": 1}
    assert db("Query", **local)["Items"] == [item(p="p", s="c", n=6)]
    assert db("Query", Select="ALL_ATTRIBUTES", **local)["Items"][0]["z"] == wire("z")  # fetched from the table
    assert db("Query", ProjectionExpression="z, s", **local)["Items"] == [item(s="c", z="z")]


def test_an_item_leaves_an_index_with_its_key(db: Asking) -> None:
    assert db("Scan", IndexName="global")["Count"] == 5
    db.update("REMOVE g", Key=item(p="p", s="a"))
    db.update("SET g = :v", Key=item(p="p", s="c"), values={"v": "0"})
    assert query(db, "h = :h", h="h", IndexName="global") == ["c", "ab", "b", "ba"]
    assert query(db, "p = :p", p="p", IndexName="local") == ["c", "ba", "b", "ab", "a"]
    db("DeleteItem", Key=item(p="p", s="b"))
    assert query(db, "h = :h", h="h", IndexName="global") == ["c", "ab", "ba"]


def test_equal_keys_of_an_index_stand_beside_each_other() -> None:
    db = Asking()
    for sort in ("b", "a", "c"):
        db.put(s=sort, h="h", g="same")
    pages: list[list[str]] = []
    last = None
    while last or not pages:
        more: dict[str, Any] = {"ExclusiveStartKey": last} if last else {}
        page = db("Query", IndexName="global", KeyConditionExpression="h = :h", values={"h": "h"}, Limit=1, **more)
        pages.append([one["s"]["S"] for one in page["Items"]])
        last = page.get("LastEvaluatedKey")
    assert pages == [["a"], ["b"], ["c"], []]  # at a limit there may always be more


def test_a_filter_comes_after_the_limit(db: Asking) -> None:
    found = db("Query", KeyConditionExpression="p = :p", FilterExpression="a > :v", values={"p": "p", "v": 1}, Limit=3)
    assert (found["Count"], found["ScannedCount"], found["LastEvaluatedKey"]) == (1, 3, item(p="p", s="b"))
    counted = db("Scan", Select="COUNT", FilterExpression="attribute_exists(a)")
    assert counted == {"Count": 5, "ScannedCount": 6}


def test_a_page_has_about_a_megabyte() -> None:
    db = Asking(plain())
    for number in range(4):
        db.put(s=str(number), a="x" * 390_000)
    first = db("Query", KeyConditionExpression="p = :p", FilterExpression="a = :p", values={"p": "p"})
    assert (first["Count"], first["ScannedCount"], first["LastEvaluatedKey"]) == (0, 3, item(p="p", s="2"))
    assert db("Scan", ExclusiveStartKey=first["LastEvaluatedKey"])["Count"] == 1


def test_number_and_binary_keys_have_their_own_order() -> None:
    numbers = Asking(plain(kind="N", sort="N"))
    for text in ("10", "9", "-1", "1.5", "1e2"):
        numbers("PutItem", Item={"p": {"N": "1.0"}, "s": {"N": text}})
    found = numbers("Query", KeyConditionExpression="p = :p AND s > :v", values={"p": {"N": "1"}, "v": -1})
    assert [one["s"]["N"] for one in found["Items"]] == ["1.5", "9", "10", "100"]
    assert numbers("GetItem", Key={"p": {"N": "1"}, "s": {"N": "1.50"}})["Item"]["s"] == {"N": "1.5"}
    binary = Asking(plain(kind="B", sort="B"))
    for text in ("/w==", "AA==", "AP8="):
        binary("PutItem", Item={"p": {"B": "AA=="}, "s": {"B": text}})
    asked = {"KeyConditionExpression": "p = :p AND begins_with(s, :p)", "values": {"p": {"B": "AA=="}}}
    assert [one["s"]["B"] for one in binary("Query", **asked)["Items"]] == ["AA==", "AP8="]


def test_a_scan_goes_on_where_it_was_whatever_has_gone_meanwhile() -> None:
    db = Asking(plain())
    for number in range(20):
        db.put(p=str(number))
    seen: list[str] = []
    last = None
    while True:
        page = db("Scan", Limit=3, **({"ExclusiveStartKey": last} if last else {}))
        for one in page["Items"]:
            seen.append(one["p"]["S"])
            db("DeleteItem", Key=one)
        last = page.get("LastEvaluatedKey")
        if last is None:
            break
    assert sorted(seen) == sorted(map(str, range(20)))


@each_case(
    ("text", "words"),
    [
        ("s = :v", "Query condition missed key schema element: p"),
        ("p > :v", "Query key condition not supported"),
        ("p = :v AND a = :v", "Query key condition not supported"),
        ("p = :v AND p = :v", "must only contain one condition per key"),
        ("p = :v AND s.x = :v", "cannot have conditions on nested attributes"),
        ("p = :v OR s = :v", "Invalid"),
        ("p <> :v", "Invalid operator used in KeyConditionExpression: <>"),
        ("p = :v AND contains(s, :v)", "Invalid operator used in KeyConditionExpression: contains"),
        ("p = :v AND NOT s = :v", "Invalid"),
        ("p = s AND s = :v", "Syntax error"),
        ("", "The expression can not be empty"),
        ("(((" * 500 + "p = :v", "redundant parentheses"),
    ],
)
def test_what_is_no_key_condition(db: Asking, text: str, words: str) -> None:
    fault = db.refused("Query", KeyConditionExpression=text, values={"v": "x"})
    assert (fault.code, words in fault.message) == ("ValidationException", True), fault.message


@each_case(
    ("asked", "words"),
    [
        ({"values": {"p": 1}}, "Condition parameter type does not match schema type"),
        ({"FilterExpression": "s = :p"}, "can only contain non-primary key attributes: Primary key attribute: s"),
        ({"ExclusiveStartKey": item(p="p")}, "The provided starting key is invalid"),
        ({"ExclusiveStartKey": item(p="q", s="a")}, "outside query boundaries"),
        ({"IndexName": "none"}, "does not have the specified index: none"),
        ({"IndexName": "local", "ExclusiveStartKey": item(p="p", s="a")}, "starting key is invalid"),
        ({"Limit": 0}, "greater than or equal to 1"),
        ({"Select": "SOME"}, "enum value set"),
        ({"Select": "COUNT", "ProjectionExpression": "a"}, "ProjectionExpression"),
        ({"Select": "SPECIFIC_ATTRIBUTES"}, "ProjectionExpression"),
        ({"Select": "ALL_PROJECTED_ATTRIBUTES"}, "ALL_PROJECTED_ATTRIBUTES"),
        ({"ProjectionExpression": "a, a"}, "Two document paths overlap"),
        ({"ProjectionExpression": "m, m.x"}, "Two document paths overlap"),
        ({"ProjectionExpression": "m.x, m[0]"}, "Two document paths conflict"),
        ({"QueryFilter": {}}, "does not know QueryFilter"),
    ],
)
def test_what_is_no_query(db: Asking, asked: dict[str, Any], words: str) -> None:
    fault = db.refused("Query", **({"KeyConditionExpression": "p = :p", "values": {"p": "p"}} | asked))
    assert (fault.code, words in fault.message) == ("ValidationException", True), fault.message


def test_a_global_index_cannot_look_at_its_table(db: Asking) -> None:
    asked = {"KeyConditionExpression": "h = :h", "values": {"h": "h"}, "IndexName": "global"}
    assert "Consistent reads are not supported" in db.refused("Query", ConsistentRead=True, **asked).message
    assert "ALL_ATTRIBUTES is not supported" in db.refused("Query", Select="ALL_ATTRIBUTES", **asked).message
    assert "does not project [z]" in db.refused("Query", ProjectionExpression="a, z.x", **asked).message


def test_a_projection_shows_parts_and_changes_nothing(db: Asking) -> None:
    whole = item(p="p", s="x", m={"M": item(a=1, b=[1, 2, {"M": item(c=3)}])})
    db("PutItem", Item=whole)
    key = item(p="p", s="x")
    found = db("GetItem", Key=key, ProjectionExpression="m.a, m.b[2].c, m.b[0], absent")
    assert found == {"Item": item(m={"M": item(a=1, b=[1, {"M": item(c=3)}])})}
    assert db("GetItem", Key=key, ProjectionExpression="absent") == {"Item": {}}
    db.refused("GetItem", Key=key, ProjectionExpression="m, m.a")
    assert db("GetItem", Key=key)["Item"] == whole


def test_tables_are_described_and_listed() -> None:
    db = Asking()
    for name in ("zoo", "abc"):
        db.ask("CreateTable", **definition(name))
    assert db.ask("ListTables", Limit=2) == {"TableNames": ["abc", TABLE], "LastEvaluatedTableName": TABLE}
    assert db.ask("ListTables", ExclusiveStartTableName=TABLE) == {"TableNames": ["zoo"]}
    db.put()
    told = db("DescribeTable")["Table"]
    assert (told["TableStatus"], told["ItemCount"], len(told["GlobalSecondaryIndexes"])) == ("ACTIVE", 1, 1)
    db("DeleteTable")
    assert db.refused("DescribeTable").code == "ResourceNotFoundException"
