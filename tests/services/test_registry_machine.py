"""Any order of what executors can do, with processes that die or meet at any write, against a model of a few lines."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from benchfleet_contract.registry.executors import ExecutorHeartbeat, ReplaceModels
from benchfleet_contract.registry.models import Filters
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.domain.errors import Refusal
from chalicelib.domain.registry.errors import Fenced, ModelNotFound, TooOften
from chalicelib.store.table import Table
from tests.contract.in_process import Engine
from tests.contract.system import Killed, Mortal
from tests.services.registry import OWNER, Registry
from tests.unit.registry_records import a_model

engine = cache(Engine)  # making it costs more than a test
MODELS = ("gpt-4", "org/llama:8b", "tiny")
STALE_S, GONE_S = 30, 100
processes = st.sampled_from(["a/1", "a/2", "b/1", "b/2"])  # executor and instance
models = st.frozensets(st.sampled_from(MODELS))
writes = st.none() | st.integers(0, 9)  # before which the process dies


@dataclass
class Process:
    """What a process believes."""

    generation: int | None = None
    sequence: int = 0
    models: frozenset[str] = frozenset()


@dataclass
class Truth:
    """What is to be true of an executor. `holder` None: there is none, or it was removed."""

    holder: str | None = None
    generation: int = 0
    models: frozenset[str] = frozenset()
    heard_ms: int = 0
    draining: bool = False


@dataclass
class Meddling:
    """A DynamoDB client that lets somebody else do something before its write number `before`."""

    client: Any
    before: int
    act: Callable[[], object]
    writes: int = 0

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Any:
            if operation in ("put_item", "update_item", "delete_item", "batch_write_item"):
                self.writes += 1
                if self.writes == self.before + 1:
                    self.act()
            return getattr(self.client, operation)(**arguments)

        return call


@dataclass
class Act:
    """One request of a process, and what it makes of the truth."""

    call: Callable[[Registry], object]
    name: str
    after: dict[str, Any] = field(default_factory=dict)


class Executors(RuleBasedStateMachine):
    @initialize()
    def create(self) -> None:
        self.client, self.name = engine().direct, engine().new_table()
        self.registry = Registry(Table(self.client, self.name))
        self.clock = self.registry.clock
        self.processes = {name: Process() for name in ("a/1", "a/2", "b/1", "b/2")}
        self.truths = {"a": Truth(), "b": Truth()}

    # what happens

    @rule(name=processes, having=models, dies=writes)
    def announce(self, name: str, having: frozenset[str], dies: int | None) -> None:
        self._alone(self._announcing(name, having), dies)

    @rule(name=processes, dies=writes)
    def beat(self, name: str, dies: int | None) -> None:
        self._alone(self._beating(name), dies)

    @rule(name=processes, having=models, dies=writes)
    def change(self, name: str, having: frozenset[str], dies: int | None) -> None:
        self._alone(self._changing(name, having), dies)

    @rule(name=processes, draining=st.booleans(), dies=writes)
    def drain(self, name: str, draining: bool, dies: int | None) -> None:
        self._alone(self._draining(name, draining=draining), dies)

    @rule(name=processes, dies=writes)
    def remove(self, name: str, dies: int | None) -> None:
        self._alone(self._removing(name), dies)

    @rule(one=processes, other=processes, first=models, second=models, before=st.integers(0, 9), late=st.booleans())
    def two_at_once(
        self, one: str, other: str, first: frozenset[str], second: frozenset[str], before: int, late: bool
    ) -> None:
        """Another process does something between two writes of this one."""
        slow = self._changing(one, first) if late else self._announcing(one, first)
        fast = self._announcing(other, second)
        self._pass()
        with suppress(Refusal):
            slow.call(self._over(Meddling(self.client, before, lambda: self._quietly(fast))))
        self._learn()

    @rule(seconds=st.sampled_from([1, 9, 31, 101, 200]))
    def time_passes(self, seconds: int) -> None:
        self.clock.pass_s(seconds)

    @rule(dies=writes)
    def sweep(self, dies: int | None) -> None:
        with suppress(Killed):
            self._over(Mortal(self.client, after=dies)).sweep()
        for executor_id, truth in self.truths.items():
            if self.registry.executors.get(executor_id) is None:
                assert truth.holder is None or self._silent_s(truth) >= GONE_S
                truth.holder = None

    @rule()
    def sweep_and_count(self) -> None:
        for _ in range(2):  # one that removes somebody leaves the counting to the next
            self.sweep(None)
        assert self.registry.log.counts().executors == len(self.registry.executors.all())

    # the requests

    def _announcing(self, name: str, having: frozenset[str]) -> Act:
        executor_id, instance = name.split("/")

        def call(registry: Registry) -> None:
            reply = registry.announce(executor_id, sorted(having), instance_id=instance)
            process = self.processes[name]
            if process.generation != reply.generation:
                process.sequence = 0
            process.generation, process.models = reply.generation, having

        return Act(call, name, {"models": having, "holder": name})

    def _beating(self, name: str) -> Act:
        return self._told(name, lambda to, sent: to.heartbeats(sent["id"], _beat(sent), OWNER))

    def _changing(self, name: str, having: frozenset[str]) -> Act:
        def call(registry: Registry, sent: dict[str, Any]) -> None:
            registry.changes.replace(sent["id"], _replacement(sent, having), OWNER)
            self.processes[name].models = having

        return self._told(name, call, {"models": having})

    def _draining(self, name: str, *, draining: bool) -> Act:
        def call(registry: Registry, sent: dict[str, Any]) -> None:
            registry.leave.drain(sent["id"], sent["generation"], OWNER, reason=None, draining=draining)

        return self._told(name, call, {"draining": draining}, hears=False)

    def _removing(self, name: str) -> Act:
        def call(registry: Registry, sent: dict[str, Any]) -> None:
            registry.leave.remove(sent["id"], sent["generation"], OWNER)

        return self._told(name, call, {"holder": None}, hears=False)

    def _told(
        self,
        name: str,
        call: Callable[[Registry, dict[str, Any]], object],
        after: dict[str, Any] | None = None,
        *,
        hears: bool = True,
    ) -> Act:
        """A request with the generation that the process believes in: 0 before it has one."""
        process = self.processes[name]

        def made(registry: Registry) -> None:
            process.sequence += 1
            call(registry, {"id": name[0], "generation": process.generation or 0, "sequence": process.sequence})

        return Act(made, name, (after or {}) | ({} if hears else {"heard_ms": None}))

    # what it does

    def _alone(self, act: Act, dies: int | None) -> None:
        self._pass()
        truth, before = self.truths[act.name[0]], self._kept()
        accepted = self._is_accepted(act)
        try:
            act.call(self._over(Mortal(self.client, after=dies)))
        except Killed:
            self._learn()
            return
        except TooOften:
            assert "models" in act.after  # announcements and changes have a share of each minute
            return
        except Refusal:
            assert not accepted
            assert self._kept() == before
            return
        if truth.holder is None and "holder" in act.after and act.after["holder"] is None:
            return  # one that is gone already may be removed again
        assert accepted
        self._learn()

    def _quietly(self, act: Act) -> None:
        with suppress(Refusal):
            act.call(self.registry)

    def _is_accepted(self, act: Act) -> bool:
        """Whoever announces takes over; all else is for the one that holds the lease, as long as there is one."""
        if act.after.get("holder"):
            return True
        truth, process = self.truths[act.name[0]], self.processes[act.name]
        if truth.holder is None:
            return act.after.get("holder", "") is None
        mine = truth.holder == act.name and process.generation == truth.generation
        removes = "holder" in act.after  # also what has expired meanwhile
        return mine and (removes or self._silent_s(truth) < GONE_S)

    def _learn(self) -> None:
        """Takes over what is there now, as far as the processes could have made it so."""
        for executor_id, truth in self.truths.items():
            found = self.registry.executors.get(executor_id)
            if found is None:
                truth.holder = None
                continue
            assert found.generation >= truth.generation
            holder = f"{executor_id}/{found.instance_id}"
            assert (found.generation == truth.generation) <= (truth.holder in (holder, None))
            truth.holder, truth.generation, truth.heard_ms = holder, found.generation, found.last_seen_ms
            truth.models = frozenset(one for one in MODELS if found.has(one))
            truth.draining = found.state == "draining"

    def _over(self, client: Any) -> Registry:
        """A process of its own: it remembers nothing, and has the same time."""
        fresh = Registry(Table(client, self.name))
        fresh.clock = self.clock
        fresh.connect(Table(client, self.name))
        return fresh

    def _pass(self) -> None:
        self.clock.pass_s(0.6)

    def _silent_s(self, truth: Truth) -> float:
        return (self.clock() - truth.heard_ms) / 1000

    def _kept(self) -> list[Any]:
        """All that is in the table, but for what counts requests."""
        items = self.client.scan(TableName=self.name)["Items"]
        return sorted((item for item in items if not item["sk"]["S"].startswith("RATE#")), key=repr)

    # what always holds

    @invariant()
    def a_model_is_found_where_it_is_and_nowhere_else(self) -> None:
        if not hasattr(self, "truths"):
            return
        reader = self._over(self.client)
        for model_id in MODELS:
            there = sorted(
                executor_id for executor_id, truth in self.truths.items()
                if truth.holder and model_id in truth.models and self._silent_s(truth) < GONE_S
            )  # fmt: skip
            assert _found(reader, model_id) == there

    @invariant()
    def only_models_of_live_executors_are_listed(self) -> None:
        if not hasattr(self, "truths"):
            return
        live = [
            truth for truth in self.truths.values()
            if truth.holder and self._silent_s(truth) < STALE_S and not truth.draining
        ]  # fmt: skip
        listed = [one.model_id for one in self._over(self.client).discover.models(Filters()).models]
        assert listed == sorted(frozenset().union(*(truth.models for truth in live)))

    def teardown(self) -> None:
        """Whatever happened: an announcement of its own makes each executor whole, hints and counts included."""
        if not hasattr(self, "truths"):
            return
        self.clock.pass_s(120)  # a share of announcements anew
        for name in ("a/1", "b/2"):
            self._alone(self._announcing(name, frozenset(MODELS)), None)
            self._alone(self._announcing(name, frozenset(MODELS)), None)
        self.sweep_and_count()
        for model_id in MODELS:
            rows = {row.executor_id: row.generation for row in self.registry.catalogs.rows(model_id)}
            assert rows == {name: truth.generation for name, truth in self.truths.items()}
        for name, process in self.processes.items():
            if process.generation and name not in ("a/1", "b/2"):
                with pytest.raises(Fenced):
                    self._beating(name).call(self.registry)


@pytest.mark.parametrize("changes", [False, True])
@pytest.mark.parametrize("before", range(12))
def test_what_a_slow_process_clears_away_is_not_the_next_ones(changes: bool, before: int) -> None:
    """It is taken over, with the catalogue that it had, at any write of its own change."""
    client, name = engine().client, engine().new_table()
    registry, slow = Registry(Table(client, name)), Registry(Table(client, name))
    held = registry.announce("a", ["gpt-4"], instance_id="1")
    slow.clock = registry.clock
    slow.connect(Table(Meddling(client, before, lambda: registry.announce("a", ["gpt-4"], instance_id="2")), name))
    registry.clock.pass_s(1)
    with suppress(Refusal):
        slow.replace(held, 1, "tiny") if changes else slow.announce("a", ["tiny"], instance_id="1")
    there = registry.executors.get("a")
    assert there
    having = "gpt-4" if there.instance_id == "2" else "tiny"
    assert [one for one in MODELS if _found(registry, one)] == [having]
    registry.connect(Table(client, name))  # without what it remembers
    assert [one for one in MODELS if _found(registry, one)] == [having]


def _found(registry: Registry, model_id: str) -> list[str]:
    try:
        return sorted(registry.discover.find(model_id, Filters()).model.executors)
    except ModelNotFound:
        return []


def _beat(sent: dict[str, Any]) -> Any:

    return ExecutorHeartbeat(generation=sent["generation"], sequence=sent["sequence"])


def _replacement(sent: dict[str, Any], having: frozenset[str]) -> Any:

    body = {key: sent[key] for key in ("generation", "sequence")}
    return ReplaceModels.model_validate(body | {"models": [a_model(one) for one in sorted(having)]})


Executors.TestCase.settings = settings(max_examples=settings().max_examples // 4 + 1, stateful_step_count=25)
TestExecutors = Executors.TestCase
