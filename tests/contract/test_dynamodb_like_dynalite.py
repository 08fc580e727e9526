"""The emulator's DynamoDB beside dynalite: the same requests, one after another, get the same replies.

Unlike beside moto (`test_dynamodb_like_moto.py`) nothing is left out, and forgiven are the order of a scan and of sets, and that
dynalite answers an update whose UPDATED_OLD or UPDATED_NEW is empty with empty Attributes, where ours has none. AWS's documents
do not say what DynamoDB does there.
"""

import itertools
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.contract import dynalite_server
from tests.contract.in_process import Engine
from tests.contract.test_dynamodb_like_moto import KEYS, MAYBE, STEPS, asked, update_request, updates
from tests.unit.dynamodb_asking import definition

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1200)]
COUNT = itertools.count(1)
# What moto gets wrong: of paths alone, which are told, and NULL, which is there.
MORE = st.builds(update_request, KEYS, updates(), MAYBE, st.sampled_from(["UPDATED_OLD", "UPDATED_NEW"]))
NULLS = st.builds(
    lambda key, text: (
        "delete_item",
        {"Key": key, "ConditionExpression": text, "ExpressionAttributeValues": {":null": {"NULL": True}}},
    ),
    KEYS,
    st.sampled_from(["a = :null", "a <> :null", "NOT a = :null", "a IN (:null)", "a.x = :null", "a[0] = :null"]),
)


@settings(
    max_examples=200, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)  # shrinking takes minutes
@given(steps=st.lists(STEPS | MORE | NULLS, min_size=4, max_size=16))
def test_both_answer_alike(engine: Engine, dynalite: Any, steps: list[Any]) -> None:
    table = f"alike-{next(COUNT)}"
    dynalite_server.create(dynalite, definition(table))
    engine.dynamodb.tables.create(definition(table))
    for operation, request in steps:
        ours, theirs = (asked(client, table, operation, request) for client in (engine.client, dynalite))
        assert ours == without_nothing(theirs), (operation, request)
    dynalite.delete_table(TableName=table)
    engine.dynamodb.ask("DeleteTable", {"TableName": table})


def without_nothing(reply: Any) -> Any:
    if isinstance(reply, dict) and reply.get("Attributes") == {}:
        return {name: value for name, value in reply.items() if name != "Attributes"}
    return reply
