"""The emulator's DynamoDB beside moto's: the same requests, one after another, get the same replies and leave the same items.

Where moto is known to be wrong, this says so beside what is left out:
- "The only way to know when you have reached the end of the result set is when LastEvaluatedKey is empty": moto leaves it
  out where a limit is met at the very end, which DynamoDB cannot know (`_unless_at_the_end`).
- Key attributes of an index have one type: moto lets an update ADD any other. Updates here give them only theirs.
- moto takes an attribute that is not there for one that is NULL: no value of a condition here is NULL.
- "UPDATED_NEW - Returns only the updated attributes": of a list moto returns some elements alone; none is asked for here.
- moto's streams tell one update as two records, some batches' deletions not at all, and changes of failed updates. So
  the stream's images are compared with the items that moto holds at the end, and with one another (`_replayed`).
- "Filter expressions cannot contain primary key attributes": moto lets a query's. Those here have none.
- moto takes true for the number 1, as Python does: no number here is 1.
- moto breaks off with a TypeError where kinds that have no order are compared; so much is not compared (`_crashes`).
"""

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.in_process import Engine, client
from tests.unit.dynamodb_asking import definition

NAMES = st.sampled_from(["a", "b", "n", "h", "g"])
NUMBERS = st.sampled_from(["0", "0.25", "2", "-1.5", "10"]).map(lambda text: {"N": text})
TEXTS = st.sampled_from(["a", "ab", "b", "z"]).map(lambda text: {"S": text})
SCALARS = NUMBERS | TEXTS | st.sampled_from([{"BOOL": True}, {"NULL": True}])
SETS = st.sampled_from([{"SS": ["a"]}, {"SS": ["a", "b"]}, {"NS": ["1"]}, {"NS": ["1", "2"]}])
LISTS = st.lists(SCALARS, max_size=3).map(lambda members: {"L": members})
MAPS = st.dictionaries(st.sampled_from(["x", "y"]), SCALARS, max_size=2).map(lambda members: {"M": members})
VALUES = SCALARS | SETS | LISTS | MAPS
KEYS = st.builds(lambda p, s: {"p": {"S": p}, "s": {"S": s}}, st.sampled_from("pq"), st.sampled_from(["a", "ab", "b"]))
ITEMS = st.builds(
    lambda key, more, index: {**key, **more, **index},
    KEYS,
    st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3),
    st.fixed_dictionaries({}, optional={"n": NUMBERS, "h": TEXTS, "g": TEXTS}),
)
UNASKED = {"ResponseMetadata", "ConsumedCapacity", "ItemCollectionMetrics"}  # moto tells the last two unasked
Condition = tuple[str, dict[str, Any]]  # text and values
COUNT = itertools.count(1)


@st.composite
def comparisons(draw: st.DrawFn, names: tuple[str, ...] = ("a", "b", "c", "n", "h", "a.x", "b[0]")) -> Condition:
    """A condition without AND, OR and NOT, and its values."""
    name = draw(st.sampled_from(names))
    mark = f":v{next(COUNT)}"
    form = draw(
        st.sampled_from(["=", "<>", "<", ">=", "exists", "missing", "begins", "contains", "in", "type", "between"])
    )
    match form:
        case "exists" | "missing":
            return f"attribute_{'not_' if form == 'missing' else ''}exists({name})", {}
        case "begins":
            return f"begins_with({name}, {mark})", {mark: draw(TEXTS)}
        case "contains":
            return f"contains({name}, {mark})", {mark: draw(TEXTS | NUMBERS)}
        case "type":
            return f"attribute_type({name}, {mark})", {mark: {"S": draw(st.sampled_from(["S", "N", "L", "M", "SS"]))}}
        case "in":
            return f"{name} IN ({mark}, {mark}b)", {mark: draw(TEXTS | NUMBERS), f"{mark}b": draw(TEXTS)}
        case "between":
            low, high = draw(st.sampled_from([("0", "1"), ("-1.5", "10"), ("1", "1")]))
            return f"{name} BETWEEN {mark} AND {mark}b", {mark: {"N": low}, f"{mark}b": {"N": high}}
        case "=" | "<>":
            return f"{name} {form} {mark}", {mark: draw(NUMBERS | TEXTS | SETS | LISTS | MAPS)}
        case _:
            return f"{name} {form} {mark}", {mark: draw(NUMBERS | TEXTS)}


def _joined(word: str, one: Condition, other: Condition) -> Condition:
    return f"{one[0]} {word} {other[0]}", one[1] | other[1]


def _wrapped(form: str, one: Condition) -> Condition:
    return form.format(one[0]), one[1]


CONDITIONS = st.recursive(
    comparisons(),
    lambda inner: (
        st.builds(_joined, st.sampled_from(["AND", "OR"]), inner, comparisons())
        | st.builds(_wrapped, st.just("NOT ({})"), inner)
    ),
    max_leaves=4,
)


_OPERANDS: dict[str, Any] = {
    "{0} = {1}": VALUES, "{0} = {0} + {1}": NUMBERS, "{0} = {0} - {1}": NUMBERS,
    "{0} = if_not_exists({0}, {1})": SCALARS, "{0} = list_append({0}, {1})": LISTS, "{0}.x = {1}": SCALARS,
    "{0}[1] = {1}": SCALARS, "{0} = n": None, "{0}": None, "{0}.y": None, "{0}[0]": None,
}  # fmt: skip
_ACTIONS = [("SET" if "=" in text else "REMOVE", text) for text in _OPERANDS] + [
    ("ADD", "{0} {1}"),
    ("DELETE", "{0} {1} "),
]
_OPERANDS |= {"{0} {1}": NUMBERS | SETS, "{0} {1} ": SETS}


@st.composite
def updates(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {}

    def mark(one: Any) -> str:
        name = f":u{next(COUNT)}"
        values[name] = one
        return name

    sections: dict[str, list[str]] = {}
    for name in draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)):
        section, text = draw(st.sampled_from(_ACTIONS))
        kinds = _OPERANDS[text]
        sections.setdefault(section, []).append(text.format(name, mark(draw(kinds)) if kinds is not None else ""))
    for name, kinds in (("n", NUMBERS), ("h", TEXTS), ("g", TEXTS)):
        match draw(st.sampled_from(["", "", "SET", "REMOVE"])):
            case "SET":
                sections.setdefault("SET", []).append(f"{name} = {mark(draw(kinds))}")
            case "REMOVE":
                sections.setdefault("REMOVE", []).append(name)
    return " ".join(f"{section} {', '.join(actions)}" for section, actions in sections.items()), values


def _with_condition(request: dict[str, Any], condition: tuple[str, dict[str, Any]] | None) -> dict[str, Any]:
    if condition is None:
        return request
    values = request.get("ExpressionAttributeValues", {}) | condition[1]
    more = {"ExpressionAttributeValues": values} if values else {}
    return request | {"ConditionExpression": condition[0], "ReturnValuesOnConditionCheckFailure": "ALL_OLD"} | more


def update_request(key: dict[str, Any], change: tuple[str, dict[str, Any]], condition: Any, returned: str) -> Any:
    request = {"Key": key, "UpdateExpression": change[0], "ReturnValues": returned}
    return "update_item", _with_condition(
        request | ({"ExpressionAttributeValues": change[1]} if change[1] else {}), condition
    )


def _page(index: str, condition: Any, limit: int | None, backwards: bool) -> Any:
    bounds = {"table": "p = :p", "begins": "p = :p AND begins_with(s, :s)", "between": "p = :p AND s BETWEEN :s AND :t",
              "local": "p = :p AND n > :n", "global": "h = :p"}  # fmt: skip
    all_values = {":p": {"S": "a" if index == "global" else "p"}, ":s": {"S": "a"}, ":t": {"S": "ab"}, ":n": {"N": "0"}}
    text = bounds[index]
    values = {name: one for name, one in all_values.items() if name in text.replace(",", " ").replace(")", " ").split()}
    request: dict[str, Any] = {"KeyConditionExpression": text, "ScanIndexForward": not backwards}
    if index in ("local", "global"):
        request["IndexName"] = index
    if limit:
        request["Limit"] = limit
    if condition is not None:
        request["FilterExpression"], values = condition[0], values | condition[1]
    return "query", request | {"ExpressionAttributeValues": values}


def _scan(index: str, condition: Any) -> Any:
    request: dict[str, Any] = {"IndexName": index} if index else {}
    if condition is not None:
        request["FilterExpression"] = condition[0]
        request |= {"ExpressionAttributeValues": condition[1]} if condition[1] else {}
    return "scan", request


def _batch(items: list[dict[str, Any]], keys: list[dict[str, Any]]) -> Any:
    places = [(item["p"]["S"], item["s"]["S"]) for item in items]
    puts = {place: {"PutRequest": {"Item": item}} for place, item in zip(places, items, strict=True)}
    deletes = {(key["p"]["S"], key["s"]["S"]): {"DeleteRequest": {"Key": key}} for key in keys}
    return "batch_write_item", list((deletes | puts).values())


MAYBE = st.none() | CONDITIONS
STEPS = st.one_of(
    st.builds(lambda item, c: ("put_item", _with_condition({"Item": item, "ReturnValues": "ALL_OLD"}, c)), ITEMS, MAYBE),
    st.builds(update_request, KEYS, updates(), MAYBE, st.sampled_from(["NONE", "ALL_OLD", "ALL_NEW"])),
    st.builds(lambda key, c: ("delete_item", _with_condition({"Key": key, "ReturnValues": "ALL_OLD"}, c)), KEYS, MAYBE),
    st.builds(lambda key: ("get_item", {"Key": key}), KEYS),
    st.builds(lambda key: ("get_item", {"Key": key, "ProjectionExpression": "a.x, b[1], n"}), KEYS),
    st.builds(_scan, st.sampled_from(["", "local", "global"]), st.none() | comparisons()),
    st.builds(_page, st.sampled_from(["table", "begins", "between", "local", "global"]),
              st.none() | comparisons(names=("a", "b", "c")),
              st.none() | st.integers(1, 3), st.booleans()),
    st.builds(_batch, st.lists(ITEMS, min_size=1, max_size=3), st.lists(KEYS, max_size=2)),
)  # fmt: skip


def asked(dynamodb: Any, table: str, operation: str, request: Any) -> Any:
    of_tables = operation == "batch_write_item"
    request = {"RequestItems": {table: request}} if of_tables else {"TableName": table, **request}
    try:
        reply = getattr(dynamodb, operation)(**request)
    except ClientError as error:
        return error.response["Error"]["Code"], _sorted(error.response.get("Item"))
    if operation == "scan":  # in whatever order
        reply["Items"].sort(key=lambda item: (item["p"]["S"], item["s"]["S"]))
    return {name: _sorted(value) for name, value in reply.items() if name not in UNASKED}


def _crashes(dynamodb: Any, table: str, operation: str, request: Any) -> Any:
    """moto's reply, or None."""
    try:
        return asked(dynamodb, table, operation, request)
    except TypeError:
        return None


def _unless_at_the_end(ours: Any, theirs: Any, request: Any) -> Any:
    """Our reply, without the key that moto leaves out."""
    if "Limit" in request and "LastEvaluatedKey" in ours and "LastEvaluatedKey" not in theirs:
        assert ours["ScannedCount"] == request["Limit"]
        return {name: value for name, value in ours.items() if name != "LastEvaluatedKey"}
    return ours


def _replayed(records: list[dict[str, Any]]) -> list[Any]:
    """The items that a stream tells of, in order of their keys. Each change begins where the one before it ended."""
    items: dict[tuple[str, str], Any] = {}
    for record in records:
        change = record["dynamodb"]
        place = (change["Keys"]["p"]["S"], change["Keys"]["s"]["S"])
        old, new = change.get("OldImage"), change.get("NewImage")
        assert (items.pop(place, None), old != new) == (old, True)
        assert record["eventName"] == ("INSERT" if old is None else "REMOVE" if new is None else "MODIFY")
        if new is not None:
            items[place] = new
    return [_sorted(items[place]) for place in sorted(items)]


def _sorted(value: Any) -> Any:
    """Sets have no order."""
    if isinstance(value, dict):
        return {name: sorted(one) if name in ("SS", "NS") else _sorted(one) for name, one in value.items()}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def moto() -> Any:
    return client("dynamodb")


@given(steps=st.lists(STEPS, min_size=2, max_size=12))
def test_both_answer_alike(engine: Engine, moto: Any, steps: list[Any]) -> None:
    require_alike(engine, moto, steps)


def require_alike(engine: Engine, moto: Any, steps: list[Any]) -> None:
    table = f"alike-{next(COUNT)}"
    moto.create_table(**definition(table))
    engine.dynamodb.tables.create(definition(table))
    try:
        for operation, request in steps:
            ours = asked(engine.client, table, operation, request)
            theirs = _crashes(moto, table, operation, request)
            if theirs is None:
                break
            assert _unless_at_the_end(ours, theirs, request) == theirs, (operation, request)
        else:
            assert _replayed(engine.stream_records(table)) == asked(moto, table, "scan", {})["Items"]
    finally:
        moto.delete_table(TableName=table)
        engine.dynamodb.ask("DeleteTable", {"TableName": table})
