"""The emulator's DynamoDB beside ministack: the same requests, one after another, get the same replies.

Forgiven is what docs/emulator.md names. ministack ignores a REMOVE of an element or member of what is no list or map, which
DynamoDB refuses as an invalid document path, and calculates with true and false; a sequence ends there, because from then on
the two tables differ. And in a local index, ministack filters by attributes that the index does not have.
"""

import itertools
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.contract import dynalite_server
from tests.contract.in_process import Engine
from tests.contract.test_dynamodb_like_dynalite import MORE, NULLS, without_nothing
from tests.contract.test_dynamodb_like_moto import STEPS, asked
from tests.unit.dynamodb_asking import definition

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1200)]
COUNT = itertools.count(1)
REFUSED = ("ValidationException", None)


@settings(max_examples=200, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(steps=st.lists(STEPS | MORE | NULLS, min_size=4, max_size=16))
def test_both_answer_alike(engine: Engine, ministack: Any, steps: list[Any]) -> None:
    table = f"alike-{next(COUNT)}"
    dynalite_server.create(ministack, definition(table))
    engine.dynamodb.tables.create(definition(table))
    for operation, request in steps:
        ours, theirs = (asked(client, table, operation, request) for client in (engine.client, ministack))
        if ours == REFUSED != theirs and operation == "update_item" and _is_lenient(request["UpdateExpression"]):
            break
        if operation in ("query", "scan") and request.get("IndexName") == "local" and "FilterExpression" in request:
            continue
        assert without_nothing(ours) == without_nothing(theirs), (operation, request)
    ministack.delete_table(TableName=table)
    engine.dynamodb.ask("DeleteTable", {"TableName": table})


def _is_lenient(expression: str) -> bool:
    return any(word in expression for word in ("REMOVE", " + ", " - "))


def test_the_named_differences_are_there(engine: Engine, ministack: Any) -> None:
    """So that the page is mended when they go."""
    dynalite_server.create(ministack, definition("named"))
    engine.dynamodb.tables.create(definition("named"))
    item = {"p": {"S": "p"}, "s": {"S": "s"}, "n": {"N": "1"}, "a": {"S": "text"}, "b": {"BOOL": True}}
    add = {"UpdateExpression": "SET b = b + :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    remove = {"Key": {"p": {"S": "p"}, "s": {"S": "s"}}, "UpdateExpression": "REMOVE a[0]"}
    find = {"IndexName": "local", "FilterExpression": "attribute_exists(a)"}
    for client in (engine.client, ministack):
        client.put_item(TableName="named", Item=item)
    assert asked(engine.client, "named", "update_item", remove) == REFUSED
    assert asked(ministack, "named", "update_item", remove) == {}
    assert asked(engine.client, "named", "update_item", {"Key": remove["Key"], **add}) == REFUSED
    assert asked(ministack, "named", "update_item", {"Key": remove["Key"], **add}) == {}
    assert asked(engine.client, "named", "scan", find)["Count"] == 0
    assert asked(ministack, "named", "scan", find)["Count"] == 1
