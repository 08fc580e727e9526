"""Projections: which parts of an item an answer holds."""

from collections.abc import Callable
from functools import lru_cache

from local_emulator.dynamodb.expressions.conditions import KEPT
from local_emulator.dynamodb.expressions.paths import pick, require_apart
from local_emulator.dynamodb.expressions.reader import Reader
from local_emulator.dynamodb.expressions.scope import Scope, Uses
from local_emulator.dynamodb.values import Item

PARAMETER = "ProjectionExpression"
Projection = Callable[[Item, Scope], Item]


@lru_cache(KEPT)
def projection(text: str) -> tuple[Projection, Uses]:
    """Raises Fault."""
    reader = Reader(text, PARAMETER)
    paths = reader.listed(reader.path)
    reader.end()
    reader.later(lambda scope: require_apart([path.real(scope.names) for path in paths], parameter=PARAMETER))
    return (lambda item, scope: pick(item, [path.real(scope.names) for path in paths])), reader.uses
