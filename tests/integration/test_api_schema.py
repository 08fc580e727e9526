"""The API keeps to its OpenAPI document, whoever asks for whatever: schemathesis asks as each role."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest

from chalicelib.api.openapi_document import OPERATIONS
from chalicelib.api.openapi_operation import Operation
from tests.integration.api_client import Api
from tests.integration.api_schema import Amount, load, requests_of
from tests.integration.api_schema_world import ADMIN, ATTEMPT, NOBODY, READER, ROLES, RUNNER, World
from tests.variants import in_proof

pytestmark = pytest.mark.system

# To make the requests for one operation costs up to 6 CPU seconds: `make test` has every third operation, but the dearest.
DEAR = ("createRun", "announceExecutor", "updateModels")
NOW = [operation for operation in OPERATIONS[::3] if operation.name not in DEAR]
LATER = [operation for operation in OPERATIONS if operation not in NOW]
FEW, MANY = Amount(bounds=8, drawn=2), Amount(bounds=10_000, drawn=60)
FEWER = Amount(bounds=3, drawn=1)  # of a path that is another one's older name, and of the registry's many
OF_ADMINS = (ADMIN, NOBODY, ADMIN, READER, ADMIN, RUNNER, ADMIN, ATTEMPT)
OF_RUNNERS = (RUNNER, ATTEMPT, ADMIN, NOBODY, RUNNER, ATTEMPT, ADMIN, READER)
TURNS = {frozenset({"admin"}): OF_ADMINS, frozenset({"admin", "runner"}): OF_RUNNERS}


@pytest.fixture(scope="module")
def world(api: Api) -> Iterator[World]:
    made = World(api)
    yield made
    made.close()


@pytest.fixture(scope="module")
def schema(api: Api) -> Any:
    return load(api("GET", "/openapi.json").json())


@pytest.mark.parametrize("operation", [*NOW, *in_proof(*LATER)], ids=lambda operation: operation.name)
def test_the_api_keeps_to_its_document(world: World, schema: Any, operation: Operation) -> None:
    """Few requests, each by one role: those that may do this take more turns than those that may not."""
    turns = cycle(TURNS.get(operation.roles or frozenset(), ROLES))
    amount = FEWER if operation.name.endswith("ByPlanName") or operation.refusal == "NumberedReply" else FEW
    for request, role in zip(requests_of(schema, operation.path, operation.method, amount), turns, strict=False):
        world.ask(request, role)


@pytest.mark.proof
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_api_keeps_to_its_document_in_many_requests(world: World, schema: Any, operation: Operation) -> None:
    """Every request at a bound of the schema, and many others, each by every role."""
    for request in requests_of(schema, operation.path, operation.method, MANY):
        for role in ROLES:
            world.ask(request, role)
