"""The store over moto twice: in this process, and over HTTP as the emulator serves it."""

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.domain.ports import Runners, Runs, Tasks
from chalicelib.store.runners import RunnerStore
from chalicelib.store.runs import RunStore
from chalicelib.store.schema import table_definition
from chalicelib.store.table import Table
from chalicelib.store.tasks import TaskStore
from tests.contract.in_process import client, store_table

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Stores:
    """`tasks`, `runs` and `runners` are what is under test; `table` looks behind them."""

    table: Table
    tasks: Tasks
    runs: Runs
    runners: Runners


@pytest.fixture(scope="session")
def dynamodb() -> Any:
    return client("dynamodb")


@pytest.fixture(params=["in_process", "http"])
def stores(request: pytest.FixtureRequest) -> Stores:
    """An empty table."""
    if request.param == "in_process":
        table = store_table(request.getfixturevalue("dynamodb"))
    else:
        made = request.getfixturevalue("aws").client("dynamodb")
        name = f"contract-{next(_NUMBERS)}"
        made.create_table(**table_definition(name))
        table = Table(made, name)
    return Stores(table, TaskStore(table), RunStore(table), RunnerStore(table))
