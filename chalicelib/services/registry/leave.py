"""An executor drains, leaves, is told something, or is given to another key."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchfleet_contract.registry.executors import Command

from chalicelib.domain.ports import Clock
from chalicelib.domain.registry.errors import ExecutorNotFound, Fenced, NotOwner
from chalicelib.domain.registry.ports import Catalogs, ExecutorRefused, Executors, RegistryLog
from chalicelib.domain.registry.records import Event, Executor, ExecutorState
from chalicelib.services.registry.who import Caller, own, present


@dataclass(frozen=True)
class Leave:
    executors: Executors
    catalogs: Catalogs
    log: RegistryLog
    hand_back: Callable[[frozenset[str]], object]
    clock: Clock

    def drain(
        self, executor_id: str, generation: int | None, caller: Caller, *, reason: str | None, draining: bool = True
    ) -> Executor:
        """No new work for it; with `draining` false: new work again. Saying it twice is saying it once.

        Raises ExecutorNotFound, Gone, NotOwner, Fenced.
        """
        now_ms = self.clock()
        executor = own(self.executors, executor_id, generation, caller, now_ms)
        if (executor.state is ExecutorState.DRAINING) == draining:
            return executor
        others = [one for one in executor.commands if one.command != "drain"]
        commands = [*others, Command(command="drain", reason=reason)] if draining else others
        with _fenced(executor_id):
            self.executors.drain(executor, draining=draining, commands=commands)
        if draining:
            detail = {"reason": reason} if reason else {}
            self.log.note(Event(executor_id, now_ms, "draining", executor.generation, detail), changes=True)
        else:
            self.log.note(Event(executor_id, now_ms, "updated", executor.generation, {"undrained": True}), changes=True)
        state = ExecutorState.DRAINING if draining else ExecutorState.SERVING
        return executor.evolve(state=state, commands=tuple(commands))

    def remove(self, executor_id: str, generation: int | None, caller: Caller) -> None:
        """The executor and all its models. One that is gone already is no error. Raises NotOwner, Fenced."""
        executor = self.executors.get(executor_id)
        if executor is None:
            tombstone = self.executors.tombstone(executor_id)
            if tombstone and tombstone.principal not in (None, caller.principal) and not caller.is_admin:
                raise NotOwner(executor_id)
            return
        if not caller.owns(executor):
            raise NotOwner(executor_id)
        if generation is None and not caller.is_admin:
            raise Fenced(executor_id, executor.generation)
        if generation is not None and generation < executor.generation:
            raise Fenced(executor_id, executor.generation)
        with _fenced(executor_id):
            self.executors.remove(executor, why="removed", now_ms=self.clock())
        self.hand_back(executor.held)
        self.forgotten(executor)
        self.log.note(Event(executor_id, self.clock(), "removed", executor.generation), changes=True)

    def forgotten(self, executor: Executor) -> None:
        """The rest of an executor whose item is gone: hints and catalogue."""
        if executor.catalog is None:
            return
        catalog = self.catalogs.get(executor.executor_id, executor.catalog)
        if catalog:
            self.catalogs.unindex(executor, catalog.descriptors)
        self.catalogs.forget(executor, executor.catalog)

    def release(self, executor_id: str) -> None:
        """The next announcement binds it to its own key. Raises ExecutorNotFound, Gone."""
        executor = present(self.executors, executor_id, self.clock())
        with _fenced(executor_id):
            self.executors.unbind(executor)

    def command(self, executor_id: str, commands: Iterable[Command]) -> Executor:
        """Told with its next heartbeat. Raises ExecutorNotFound, Gone."""
        executor = present(self.executors, executor_id, self.clock())
        kept = {one.command: one for one in (*executor.commands, *commands)}
        with _fenced(executor_id):
            self.executors.command(executor, list(kept.values()))
        return executor.evolve(commands=tuple(kept.values()))


@contextmanager
def _fenced(executor_id: str) -> Iterator[None]:
    """Turns a refused write into what it means: somebody else came between."""
    try:
        yield
    except ExecutorRefused as refused:
        if refused.executor is None:
            raise ExecutorNotFound(executor_id) from None
        raise Fenced(executor_id, refused.executor.generation) from None
