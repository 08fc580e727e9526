"""Any order of what can happen to a run's machines, with a process that dies at any step: none is lost, none is there twice."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.domain.launches import LaunchFailed, Order
from chalicelib.domain.strays import is_stray
from tests.contract.machines import MemoryCloud
from tests.contract.records import a_request
from tests.contract.system import Clients, Killed, Mortal, System

clients = cache(Clients)  # making them costs more than a test
EACH = 2
BODY: dict[str, Any] = {
    "run_id": "r", "workload": "mock", "per_instance_type": {"tasks": 4, "instances": EACH}, "max_attempts": 3,
    "aws": [{"instance_type": "c8g.medium"}, {"instance_type": "c8g.large"}],
    "provision": {"aws": {"regions": ["eu-north-1", "eu-west-1"]}},
}  # fmt: skip


@dataclass
class MortalCloud:
    """A cloud whose caller dies before or after a call that changes something. `steps`: how many are left; None: it lives."""

    cloud: MemoryCloud
    steps: int | None = None

    def launch(self, order: Order) -> Any:
        return self._step(lambda: self.cloud.launch(order))

    def terminate(self, region: str, resource_ids: Any) -> None:
        self._step(lambda: self.cloud.terminate(region, resource_ids))

    def _step(self, call: Any) -> Any:
        self._die()
        result = call()
        self._die()
        return result

    def _die(self) -> None:
        if self.steps is not None:
            self.steps -= 1
            if self.steps < 0:
                raise Killed

    def __getattr__(self, verb: str) -> Any:
        return getattr(self.cloud, verb)


class Fleets(RuleBasedStateMachine):
    @initialize(spot=st.booleans())
    def create(self, spot: bool) -> None:
        self.system = System(clients())
        self.real = self.system.cloud
        provision = {"aws": BODY["provision"]["aws"] | {"market": "spot" if spot else "on-demand"}}
        self.system.create_run(BODY | {"provision": provision})
        self.requests = 0

    @rule(seconds=st.sampled_from([1, 15, 15, 61, 601]))
    def time_passes(self, seconds: int) -> None:
        self.system.drain()
        self.system.clock.pass_s(seconds)

    @rule()
    def look(self) -> None:
        self.system.bring()

    @rule(writes=st.integers(0, 9))
    def die_of_a_write(self, writes: int) -> None:
        self._killed(lambda: self.system.connect(Mortal(self.system.dynamodb, after=writes)))

    @rule(steps=st.integers(0, 6))
    def die_of_a_call(self, steps: int) -> None:
        def connect() -> None:
            self.system.cloud = MortalCloud(self.real, steps)  # type: ignore[assignment]
            self.system.connect(self.system.dynamodb)

        self._killed(connect)

    def _killed(self, connect: Any) -> None:
        """The message comes back, as a queue's does."""
        before = list(self.system.provision.messages)
        connect()
        try:
            self.system.bring()
        except Killed:
            self.system.provision.messages = before
        self.system.cloud = self.real
        self.system.revive()

    @rule()
    def lose_all_messages(self) -> None:
        self.system.provision.messages.clear()

    @rule()
    def sweep(self) -> None:
        self.system.sweep()

    @rule()
    def look_twice_at_once(self) -> None:
        """Two functions that both believe to be the only one."""
        for _ in range(2):
            self.system.launches.hurry("r")
            self.system.advance("r")

    @rule()
    def boot(self) -> None:
        self.real.boot()

    @rule(which=st.integers(0, 9))
    def lose(self, which: int) -> None:
        if standing := self.real.standing():
            self.real.lose(standing[which % len(standing)].machine.resource_id)

    @rule(full=st.booleans(), quota=st.sampled_from([0, 1, 2, 9]), silent=st.booleans())
    def the_cloud_changes(self, full: bool, quota: int, silent: bool) -> None:
        self.real.full = {("eu-north-1", "c8g.medium")} if full else set()
        self.real.quota = {"eu-north-1": quota}
        self.real.trouble = LaunchFailed("network", "no answer", "wait") if silent else None

    @rule(which=st.integers(0, 9))
    def work(self, which: int) -> None:
        if not (boxes := self.real.standing()):
            return
        order = boxes[which % len(boxes)].order
        demand = next(d for d in self.system.run().demands if d.instance_type == order.instance_type)
        self.requests += 1
        request = a_request(f"{order.name}-1", token=f"t{self.requests}", now_ms=self.system.clock(), demand=demand)
        self.system.claim_task("r", request)

    @rule(sure=st.integers(0, 9))
    def stop(self, sure: int) -> None:
        if sure == 0 and self.system.run().is_open:
            self.system.stop_run("r")

    @invariant()
    def every_machine_is_known_or_found_by_its_tags(self) -> None:
        if not hasattr(self, "system"):
            return
        run, launches = self.system.run(), {each.name: each for each in self.system.launches.all("r")}
        known = {each.resource_id for each in launches.values() if each.is_open}
        for box in self.real.standing():
            launch = launches.get(box.order.name)
            asked = launch is not None and launch.state == "wanted" and launch.aimed
            tagged = next(
                each for each in self.real_tagged(box.machine.region)
                if each.resource_id == box.machine.resource_id
            )  # fmt: skip
            strays = is_stray(tagged, run, launches, now_ms=self.system.clock())
            assert box.machine.resource_id in known or asked or strays
        for kind in ("c8g.medium", "c8g.large"):
            live = [each for each in launches.values() if each.instance_type == kind and each.is_live]
            assert len(live) <= EACH

    @invariant()
    def no_token_has_two_machines(self) -> None:
        if hasattr(self, "system"):
            tokens = [(box.order.region, box.order.token) for box in self.real.boxes.values()]
            assert len(set(tokens)) == len(tokens)

    def real_tagged(self, region: str) -> Any:
        trouble, self.real.trouble = self.real.trouble, None
        try:
            return self.real.tagged(region)
        finally:
            self.real.trouble = trouble

    def teardown(self) -> None:
        """Whatever happened: soon after the run's end nothing is left, by the sweep alone."""
        if not hasattr(self, "system"):
            return
        self.real.trouble = None
        if self.system.run().is_open:
            self.system.stop_run("r")
        self.system.provision.messages.clear()
        for _ in range(4):
            self.system.drain()
            self.system.sweep()
            self.system.bring()
            self.system.clock.pass_s(61)
        assert self.real.standing() == []
        assert not any(each.is_open for each in self.system.launches.all("r"))


Fleets.TestCase.settings = settings(max_examples=settings().max_examples // 4, stateful_step_count=25)
TestFleets = Fleets.TestCase
