"""The store over moto, over the emulator's own DynamoDB, and over the same as the emulator serves it to others by HTTP.

In `make proof` over dynalite, too.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.domain.ports import Deletions, Measurements, Runners, Runs, Tasks
from chalicelib.store.deletions import DeletionStore
from chalicelib.store.measured import MeasuredStore
from chalicelib.store.runners import RunnerStore
from chalicelib.store.runs import RunStore
from chalicelib.store.table import Table
from chalicelib.store.tasks import TaskStore
from tests.contract import dynalite_server
from tests.contract.in_process import Engine, client, new_table

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Stores:
    """`tasks`, `runs`, `runners`, `deletions` and `measurements` are what is under test; `table` looks behind them."""

    table: Table
    tasks: Tasks
    runs: Runs
    runners: Runners
    deletions: Deletions
    measurements: Measurements


@pytest.fixture(scope="session")
def dynamodb() -> Any:
    return client("dynamodb")


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine()


@pytest.fixture(scope="session")
def dynalite() -> Iterator[Any]:
    try:
        with dynalite_server.dynalite() as made:
            yield made
            made.close()
    except dynalite_server.Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(params=["moto", "engine", "http", pytest.param("dynalite", marks=pytest.mark.proof)])
def stores(request: pytest.FixtureRequest) -> Stores:
    """An empty table."""
    if request.param == "engine":
        table = request.getfixturevalue("engine").store_table()
    elif request.param == "dynalite":
        table = dynalite_server.new_table(request.getfixturevalue("dynalite"), f"table-{next(_NUMBERS)}")
    else:
        made = request.getfixturevalue("aws").client("dynamodb") if request.param == "http" else None
        table = new_table(made or request.getfixturevalue("dynamodb"))
    return Stores(
        table, TaskStore(table), RunStore(table), RunnerStore(table), DeletionStore(table), MeasuredStore(table)
    )
