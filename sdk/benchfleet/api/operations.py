"""Everything that can be asked of an API: one line an operation, for both clients.

An operation is written once, as a coroutine over a `Session` (see `flows`). The descriptors here make methods of it: on a
`Blocking` owner it returns what the coroutine returns, on an `Awaited` one something to await or to iterate with `async for`.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from inspect import Parameter, isasyncgenfunction, signature
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_args, overload

from benchfleet.api import deleting, downloading, identity, waiting
from benchfleet.api import registry as of_registry
from benchfleet.api import runs as of_runs
from benchfleet.api import schedules as of_schedules
from benchfleet.api import tasks as of_tasks
from benchfleet.api.session import Session

P = ParamSpec("P")
T = TypeVar("T")


class Blocking:
    """An owner whose runtime never suspends, so that every coroutine ends in its first step."""

    _session: Session

    @staticmethod
    def run_flow(flow: Coroutine[Any, Any, T]) -> T:
        try:
            flow.send(None)
        except StopIteration as end:
            result: T = end.value
            return result
        flow.close()
        raise RuntimeError("a flow suspended in a runtime that blocks: this is a bug of benchfleet")

    @classmethod
    def iterate(cls, flow: AsyncGenerator[T, None]) -> Iterator[T]:
        try:
            while True:
                try:
                    item = cls.run_flow(flow.__anext__())
                except StopAsyncIteration:
                    return
                yield item
        finally:
            cls.run_flow(flow.aclose())


class Awaited:
    """An owner whose coroutines are run by an event loop."""

    _session: Session

    @staticmethod
    def run_flow(flow: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        return flow

    @staticmethod
    def iterate(flow: AsyncGenerator[T, None]) -> AsyncIterator[T]:
        return flow


class Operation(Generic[P, T]):
    """Asks once: `T` on a Blocking owner, `Coroutine[Any, Any, T]` on an Awaited one."""

    def __init__(self, flow: Callable[Concatenate[Session, P], Coroutine[Any, Any, T]]) -> None:
        self.__doc__ = flow.__doc__
        answer = signature(flow).return_annotation
        self._blocking = _method(flow, Blocking, returns=answer)
        self._awaited = _method(
            flow,
            Awaited,
            returns=Coroutine[Any, Any, answer],  # type: ignore[valid-type]
        )

    @overload
    def __get__(self, client: None, owner: type) -> Callable[..., Any]: ...

    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, T]: ...

    @overload
    def __get__(self, client: Awaited, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...

    def __get__(self, client: Blocking | Awaited | None, owner: type) -> Callable[..., Any]:
        return _bound(self._awaited if issubclass(owner, Awaited) else self._blocking, client)


class Listing(Generic[P, T]):
    """Asks page by page: `Iterator[T]` on a Blocking owner, `AsyncIterator[T]` on an Awaited one."""

    def __init__(self, flow: Callable[Concatenate[Session, P], AsyncGenerator[T, None]]) -> None:
        self.__doc__ = flow.__doc__
        (item, _) = get_args(signature(flow).return_annotation)
        self._blocking = _method(flow, Blocking, returns=Iterator[item])  # type: ignore[valid-type]
        self._awaited = _method(flow, Awaited, returns=AsyncIterator[item])  # type: ignore[valid-type]

    @overload
    def __get__(self, client: None, owner: type) -> Callable[..., Any]: ...

    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, Iterator[T]]: ...

    @overload
    def __get__(self, client: Awaited, owner: type) -> Callable[P, AsyncIterator[T]]: ...

    def __get__(self, client: Blocking | Awaited | None, owner: type) -> Callable[..., Any]:
        return _bound(self._awaited if issubclass(owner, Awaited) else self._blocking, client)


def _method(flow: Callable[..., Any], owner: type[Blocking] | type[Awaited], *, returns: Any) -> Callable[..., Any]:
    """A plain function, for `help` and for editors: the flow's words and parameters, the owner's way to run it."""
    run = owner.iterate if isasyncgenfunction(flow) else owner.run_flow

    def method(self: Blocking | Awaited, *args: Any, **kwargs: Any) -> Any:
        return run(flow(self._session, *args, **kwargs))

    shape = signature(flow)
    parameters = [
        parameter.replace(name="self", annotation=Parameter.empty) if name == "session" else parameter
        for name, parameter in shape.parameters.items()
    ]
    vars(method)["__signature__"] = shape.replace(parameters=parameters, return_annotation=returns)
    method.__name__ = method.__qualname__ = flow.__name__
    method.__doc__ = flow.__doc__
    return method


def _bound(method: Callable[..., Any], client: Blocking | Awaited | None) -> Callable[..., Any]:
    return method if client is None else MethodType(method, client)


class Operations:
    """What both clients can do."""

    up = Operation(of_runs.up)
    whoami = Operation(identity.whoami)
    create_run = Operation(of_runs.create_run)
    run = Operation(of_runs.run)
    summary = Operation(of_runs.summary)
    runs = Listing(of_runs.runs)
    runners = Operation(of_runs.runners)
    launches = Operation(of_runs.launches)
    report_launch = Operation(of_runs.report_launch)
    stop_run = Operation(of_runs.stop_run)
    delete_run = Operation(deleting.delete_run)
    tasks = Listing(of_tasks.tasks)
    task = Operation(of_tasks.task)
    task_files = Operation(of_tasks.task_files)
    create_schedule = Operation(of_schedules.create_schedule)
    schedules = Operation(of_schedules.schedules)
    schedule = Operation(of_schedules.schedule)
    run_schedule_now = Operation(of_schedules.run_schedule_now)
    delete_schedule = Operation(of_schedules.delete_schedule)
    models = Listing(of_registry.models)
    find_model = Operation(of_registry.find_model)
    select_executor = Operation(of_registry.select_executor)
    end_reservation = Operation(of_registry.end_reservation)
    query_registry = Operation(of_registry.query_registry)
    registry_stats = Operation(of_registry.registry_stats)
    registry_events = Operation(of_registry.registry_events)
    executors = Listing(of_registry.executors)
    executor = Operation(of_registry.executor)
    executor_events = Listing(of_registry.executor_events)
    drain_executor = Operation(of_registry.drain_executor)
    remove_executor = Operation(of_registry.remove_executor)
    wait = Operation(waiting.wait)
    download = Operation(downloading.download)
