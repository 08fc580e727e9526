"""The store over the emulator's own DynamoDB.

In `make proof` over the same as the emulator serves it to others by HTTP, and over moto, dynalite and ministack, too.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.domain.fleet_ports import Fleets
from chalicelib.domain.ports import Deletions, Launches, Measurements, Runners, Runs, Tasks
from chalicelib.store.deletions import DeletionStore
from chalicelib.store.fleets import FleetStore
from chalicelib.store.launches import LaunchStore
from chalicelib.store.measured import MeasuredStore
from chalicelib.store.runners import RunnerStore
from chalicelib.store.runs import RunStore
from chalicelib.store.table import Table
from chalicelib.store.tasks import TaskStore
from tests.contract import dynalite_server, ministack_server
from tests.contract.in_process import Engine, client, new_table
from tests.variants import one_now

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Stores:
    """`table` looks behind the others, which are under test."""

    table: Table
    tasks: Tasks
    runs: Runs
    runners: Runners
    deletions: Deletions
    measurements: Measurements
    launches: Launches
    fleets: Fleets


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


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    try:
        with ministack_server.ministack(tmp_path_factory.mktemp("ministack")) as url:
            made = ministack_server.client(url, "dynamodb")
            yield made
            made.close()
    except ministack_server.Unavailable as reason:
        pytest.skip(str(reason))


OTHERS = ("dynalite", "ministack")  # by other authors, as moto is, which needs no process


@pytest.fixture(params=one_now("engine", "http", "moto", *OTHERS))
def stores(request: pytest.FixtureRequest) -> Stores:
    """An empty table."""
    if request.param == "engine":
        table = request.getfixturevalue("engine").store_table()
    elif request.param in OTHERS:
        table = dynalite_server.new_table(request.getfixturevalue(request.param), f"table-{next(_NUMBERS)}")
    else:
        made = request.getfixturevalue("aws").client("dynamodb") if request.param == "http" else None
        table = new_table(made or request.getfixturevalue("dynamodb"))
    return Stores(
        table,
        TaskStore(table),
        RunStore(table),
        RunnerStore(table),
        DeletionStore(table),
        MeasuredStore(table),
        LaunchStore(table),
        FleetStore(table),
    )
