"""Fixtures that more than one folder of tests needs.

What they need is imported when a test first asks: pytest reads this file in each of its processes, and not all run tests.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from local_emulator.garbage import staying

if TYPE_CHECKING:
    from local_emulator.aws_endpoint import AwsEndpoint
    from local_emulator.dynamodb.service import DynamoDb
    from local_emulator.resources import Clients
    from local_emulator.stack import Emulator
    from tests.machine_calls import Account

_RUNNING: list[Emulator] = []  # the emulator of this session, once a test has needed it
OTHER_REGION = "eu-west-1"  # moto's state is global: a region of its own keeps these tests out of the emulator's sight


class HandClock:
    """A clock that is moved by hand. Starts at the present second: moto stamps what it makes with real time."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class ShiftedClock:
    """The real time, and for a while a later one."""

    def __init__(self) -> None:
        self._shift = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._shift

    @contextmanager
    def ahead(self, by: timedelta) -> Iterator[None]:
        """What is signed meanwhile may be taken for expired: nothing else should go on."""
        self._shift = by
        try:
            yield
        finally:
            self._shift = timedelta()


@dataclass(frozen=True)
class Aws:
    """The emulated AWS alone, without the app. `client("sqs")` is a boto3 client of it."""

    url: str
    endpoint: AwsEndpoint
    client: Clients
    clock: HandClock
    credentials: Any
    dynamodb: DynamoDb


@pytest.fixture(scope="session", autouse=True)
def _interrupts_are_heard() -> None:
    hear_interrupts()


def hear_interrupts() -> None:
    """What a shell without job control starts in the background ignores SIGINT, and so do all programs that it starts.

    Tests interrupt such programs. A handler of our own is not inherited: they start as on a terminal.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def emulator_clock() -> ShiftedClock:
    """By which the emulator fires schedules."""
    return ShiftedClock()


@pytest.fixture(scope="session")
def emulator(emulator_clock: ShiftedClock) -> Iterator[Emulator]:
    """The whole system with the real app, in this process; `emulator.ready` says where. Sweeps every three seconds.

    A minute of its machines takes a second.
    """
    from local_emulator.config import EmulatorConfig

    config = EmulatorConfig(
        sweep_every_s=3.0,  # one takes each worker 6 ms of CPU time and 2 ms more for each open run
        stream_every_s=0.1,
        queue_every_s=0.1,
        redeliver_after_s=1,
        schedules_every_s=0.1,
        machine_minute_s=1.0,
        machine_grace_s=2.0,
        machine_control=True,
    )
    with ExitStack() as ending:
        with staying():
            from local_emulator.stack import Emulator

            running = ending.enter_context(Emulator(config, clock=emulator_clock))
        _RUNNING.append(running)
        yield running
        _RUNNING.clear()


@pytest.fixture(scope="module", autouse=True)
def _no_run_is_left_to_be_swept() -> Iterator[None]:
    """Each run that a file leaves open would cost 2 ms of CPU time at every later sweep: hundreds of them a whole core."""
    yield
    if _RUNNING:
        from chalicelib.wiring import services

        runs = services().stores.runs
        for active in runs.active():
            runs.retire(active.run_id)


@pytest.fixture(scope="session")
def _account(emulator: Emulator) -> Iterator[Account]:
    from tests.machine_calls import Account

    with closing(Account(emulator)) as account:
        yield account


@pytest.fixture
def account(_account: Account) -> Iterator[Account]:
    """The emulator's AWS as whoever starts machines sees it; faults that a test makes end with it."""
    from local_emulator.machines.faults import FaultPlan

    yield _account
    _account.machines.faults.set(FaultPlan())


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    from local_emulator.aws_endpoint import AwsEndpoint
    from local_emulator.config import ACCOUNT
    from local_emulator.dynamodb.service import DynamoDb
    from local_emulator.http_server import KeepAliveServer
    from local_emulator.parameters import ParameterStore
    from local_emulator.resources import Clients, fresh_credentials

    credentials, clock = fresh_credentials(), HandClock()
    store = ParameterStore(region=OTHER_REGION, account=ACCOUNT)
    dynamodb = DynamoDb(region=OTHER_REGION, account=ACCOUNT, clock=clock)
    endpoint = AwsEndpoint(credentials, region=OTHER_REGION, parameters=store, dynamodb=dynamodb, clock=clock)
    server = KeepAliveServer(host="127.0.0.1", port=0)
    server.start(endpoint)
    client = Clients(server.url, credentials=credentials, region=OTHER_REGION)
    yield Aws(server.url, endpoint, client, clock, credentials, dynamodb)
    client.close()
    server.stop(within_s=5)
