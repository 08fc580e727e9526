"""The executor agent against the registry's services, step by step: no clock runs, no thread waits."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from benchfleet_contract.registry.descriptors import ModelDescriptor
from benchfleet_contract.registry.executors import (
    AnnounceReply,
    AnnounceRequest,
    Capacity,
    CatalogReply,
    Command,
    DrainRequest,
    ExecutorHeartbeat,
    ExecutorHeartbeatReply,
    Load,
    UpdateModels,
)

from chalicelib.api.endpoint import status_of
from chalicelib.domain.errors import Refusal
from chalicelib.domain.registry.errors import Numbered
from runner_image.control.session import Busy, LeaseLost, NotFound, Refused, Unauthorized, Unreachable
from runner_image.executor.agent import Agent
from runner_image.executor.identity import FENCED, REFUSED, Identity, Work
from runner_image.logs import Log
from tests.contract.in_process import Engine
from tests.services.registry import ADMIN, OWNER, STRANGER, Registry
from tests.unit.registry_records import a_model

Answer = TypeVar("Answer")
KINDS: dict[int, type[Refused]] = {401: Unauthorized, 403: Unauthorized, 404: NotFound, 409: LeaseLost}


class Wire:
    """The registry's services as the agent sees them over HTTP. `down`: nobody answers."""

    def __init__(self, registry: Registry) -> None:
        self.registry, self.down, self.caller = registry, False, OWNER
        self.asked: list[str] = []

    def announce(self, request: AnnounceRequest) -> AnnounceReply:
        return self._sent("announce", lambda: self.registry.announcing(request, self.caller).reply)

    def beat(self, executor_id: str, request: ExecutorHeartbeat) -> ExecutorHeartbeatReply:
        return self._sent("beat", lambda: self.registry.heartbeats(executor_id, request, self.caller))

    def update(self, executor_id: str, request: UpdateModels) -> CatalogReply:
        return self._sent(request.update_type, lambda: self.registry.changes.update(executor_id, request, self.caller))

    def drain(self, executor_id: str, request: DrainRequest) -> None:
        leave = self.registry.leave
        self._sent("drain", lambda: leave.drain(executor_id, request.generation, self.caller, reason=request.reason))

    def remove(self, executor_id: str, generation: int) -> None:
        self._sent("remove", lambda: self.registry.leave.remove(executor_id, generation, self.caller))

    def _sent(self, name: str, call: Callable[[], Answer]) -> Answer:
        self.asked.append(name)
        if self.down:
            raise Unreachable("nobody answers")
        try:
            return call()
        except Refusal as refusal:
            status = status_of(type(refusal))
            if status in (429, 503):
                raise Busy("busy", retry_after_s=refusal.retry_after_s) from None
            number = int(refusal.number) if isinstance(refusal, Numbered) else None
            raise KINDS.get(status, Refused)(str(refusal.words), status=status, number=number) from None


class Here:
    """An agent whose steps a test takes. `load` and `progress` are what its work says."""

    def __init__(
        self, registry: Registry, *models: str, executor_id: str = "host", dice: float = 0.5, **more: Any
    ) -> None:
        self.registry, self.wire = registry, Wire(registry)
        self.load, self.progress = Load(), 0
        self.codes: list[int] = []
        self.drained = self.rediscovered = 0
        work = Work(lambda: self.load, lambda: self.progress, self._drain, self._rediscover)
        identity = Identity(executor_id, more.pop("instance_id", "process-1"), 10.0, Capacity(max_concurrent=4))
        self.agent = Agent(
            self.wire, identity, described(*models), work=work, log=Log(), ended=self.codes.append,
            clock=lambda: registry.clock.now_ms / 1000, dice=lambda: dice,
        )  # fmt: skip

    def step(self, *, after_s: float = 0.0) -> float:
        self.registry.clock.pass_s(after_s)
        return self.agent.step()

    def _drain(self) -> None:
        self.drained += 1

    def _rediscover(self) -> None:
        self.rediscovered += 1


def described(*models: str) -> dict[str, ModelDescriptor]:
    return {name: ModelDescriptor.model_validate(a_model(name)) for name in models}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.fixture
def registry(engine: Engine) -> Registry:
    return Registry(engine.quick_table())


def test_it_announces_first_and_then_beats_with_what_it_is_at(registry: Registry) -> None:
    here = Here(registry, "gpt-4", "llama")
    assert here.agent.ticket is None
    assert here.step() == pytest.approx(10.0)
    here.load, here.progress = Load(active=2), 17
    for _ in range(3):
        here.step(after_s=10)
    shown = registry.read.show("host")
    assert (shown.sequence, shown.executor.active, here.agent.facts["heartbeats_sent"]) == (3, 2, 3)
    assert here.wire.asked == ["announce", "beat", "beat", "beat"]
    assert here.agent.ticket == ("host", shown.executor.generation)


@pytest.mark.parametrize(("dice", "expected"), [(0.0, 9.0), (0.5, 10.0), (1.0, 11.0)])
def test_beats_are_spread_by_a_tenth(registry: Registry, dice: float, expected: float) -> None:
    assert Here(registry, dice=dice).step() == pytest.approx(expected)


def test_ten_intervals_have_ten_heartbeats_and_two_agents_do_not_stampede(registry: Registry) -> None:
    here = Here(registry)
    waited = here.step()
    for _ in range(10):
        waited = here.step(after_s=waited)
    assert here.agent.facts["heartbeats_sent"] == 10


def test_models_that_come_and_go_are_told_in_place(registry: Registry) -> None:
    here = Here(registry, "gpt-4")
    here.step()
    here.agent.offer(described("llama"))
    here.step(after_s=10)
    assert here.wire.asked == ["announce", "RemoveModels", "AddModels", "beat"]
    assert registry.read.show("host").executor.model_ids == ["llama"]
    here.step(after_s=10)
    assert here.wire.asked[4:] == ["beat"]


def test_a_change_whose_answer_was_lost_is_told_again(registry: Registry) -> None:
    here = Here(registry, "gpt-4")
    here.step()
    here.wire.down = True
    here.agent.offer(described("gpt-4", "llama"))
    here.step(after_s=10)
    here.wire.down = False
    here.step(after_s=1)
    assert registry.read.show("host").executor.model_ids == ["gpt-4", "llama"]


def test_unknown_or_gone_it_announces_itself_again_by_itself(registry: Registry) -> None:
    here = Here(registry, "gpt-4")
    here.step()
    first = here.agent.ticket
    registry.clock.pass_s(1_000)
    registry.sweep()
    assert here.step() == 0.0
    here.step()
    assert here.agent.ticket
    assert first
    assert here.agent.ticket[1] > first[1]
    assert registry.read.show("host").executor.model_ids == ["gpt-4"]


def test_fenced_it_ends_and_does_not_come_back(registry: Registry) -> None:
    here, other = Here(registry), Here(registry, instance_id="process-2")
    here.step()
    other.step(after_s=1)
    here.step(after_s=10)
    assert here.codes == [FENCED]
    here.agent.leave()
    assert here.wire.asked == ["announce", "beat"]  # neither drained nor removed: it is the other's
    assert registry.read.page().total_count == 1


def test_refused_it_ends(registry: Registry) -> None:
    registry.announce("host", caller=STRANGER)
    here = Here(registry)
    here.step()
    assert here.codes == [REFUSED]


def test_a_key_that_is_refused_later_ends_it_too(registry: Registry) -> None:
    here = Here(registry)
    here.step()
    here.wire.caller = STRANGER
    here.step(after_s=10)
    assert here.codes == [REFUSED]


def test_while_nobody_answers_it_backs_off_up_to_its_interval_and_stays(registry: Registry) -> None:
    here = Here(registry, dice=1.0)
    here.step()
    here.wire.down = True
    waits = [here.step(after_s=10)]
    for _ in range(5):
        waits.append(here.step(after_s=waits[-1]))
    assert waits == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert here.codes == []
    here.wire.down = False
    assert here.step(after_s=10) == pytest.approx(11.0)
    assert here.agent.facts["failures"] == 0
    assert registry.events("host")[-1] in ("recovered", "announced")


def test_after_as_long_a_silence_as_removes_it_it_announces_itself(registry: Registry) -> None:
    here = Here(registry)
    here.step()
    here.wire.down = True
    for _ in range(12):
        here.step(after_s=10)
    here.wire.down = False
    here.wire.asked.clear()
    here.step(after_s=10)
    assert here.wire.asked == ["announce"]


def test_a_busy_server_is_left_alone_as_long_as_it_asks(registry: Registry) -> None:
    registry.most_executors = 1
    registry.connect(registry.executors._table)
    registry.announce("another")
    here = Here(registry)
    assert here.step() == 60


def test_commands_are_obeyed(registry: Registry) -> None:
    here = Here(registry)
    here.step()
    words: list[Any] = [{"command": "rediscover"}, {"command": "set_interval", "heartbeat_interval_s": 20.0}]
    registry.leave.command("host", [Command.model_validate(word) for word in words])
    here.step(after_s=10)
    assert here.rediscovered == 1
    registry.leave.drain("host", None, ADMIN, reason="maintenance")
    here.step(after_s=10)
    assert here.drained == 1


def test_it_leaves_in_order(registry: Registry) -> None:
    here = Here(registry, "gpt-4")
    here.step()
    statuses: list[str] = []
    here.agent.leave(drained=lambda: statuses.append(registry.read.page().executors[0].status))
    assert statuses == ["draining"]
    assert registry.read.page().executors == []
    assert registry.events("host") == ["announced", "draining", "removed"]


def test_leaving_gives_up_after_three_tries(registry: Registry) -> None:
    here = Here(registry)
    here.step()
    here.wire.down = True
    here.agent.leave()
    assert here.wire.asked == ["announce", "drain", "remove", "remove", "remove"]


def test_a_heartbeat_can_ride_along_and_its_own_is_left_out_meanwhile(registry: Registry) -> None:
    here = Here(registry)
    here.step()
    registry.clock.pass_s(6)
    passenger = here.agent.passenger()
    assert passenger
    registry.clock.pass_s(4)
    assert here.agent.passenger() is None  # one was sent not long ago
    answer = registry.heartbeats("host", passenger, OWNER)
    here.agent.arrived(answer.model_dump(mode="json"))
    assert here.step(after_s=4) == pytest.approx(6.0)
    assert here.wire.asked == ["announce"]
    here.step(after_s=6)
    assert here.wire.asked == ["announce", "beat"]


def test_what_another_request_was_told_counts(registry: Registry) -> None:
    here = Here(registry)
    here.step()
    registry.leave.remove("host", None, ADMIN)
    here.agent.refused(NotFound("gone", status=410, number=2002))
    assert here.agent.ticket is None
    here.step(after_s=1)
    here.agent.refused(LeaseLost("fenced", status=409, number=2006))
    assert (here.wire.asked, here.codes, here.agent.code) == (["announce", "announce"], [FENCED], FENCED)


def test_that_nothing_new_is_wanted_is_told_until_it_is_heard(registry: Registry) -> None:
    here = Here(registry)
    here.step()
    here.agent.draining()
    here.wire.down = True
    here.step(after_s=10)
    assert registry.read.page().executors[0].status == "available"
    here.wire.down = False
    here.step(after_s=1)
    assert registry.read.page().executors[0].status == "draining"
    here.step(after_s=10)
    assert here.wire.asked == ["announce", "drain", "drain", "beat", "beat"]
