"""The package itself: light to import, one version, and two clients that are one."""

import asyncio
import inspect
import pydoc
import tomllib
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_type

import benchfleet
import pytest
from benchfleet import AsyncClient, Client
from benchfleet.api.operations import Listing, Operation, Operations
from benchfleet_contract.runners import RunnerList, TaskFiles
from benchfleet_contract.runs import CreatedRun, RunDetail, RunListItem
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.summary import RunSummary
from benchfleet_contract.tasks import Task

from tests.each_case import each_case

ROOT = Path(__file__).parents[2]
NAMES = {name for name, value in vars(Operations).items() if isinstance(value, Operation | Listing)}


def test_the_version_is_the_one_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert benchfleet.__version__ == project["version"]


@each_case("name", benchfleet.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(benchfleet, name) is not None
    assert name in dir(benchfleet)


def test_all_errors_are_exported() -> None:
    errors = {name for name, value in vars(benchfleet.exceptions).items() if isinstance(value, type)}
    assert {name for name in errors if issubclass(getattr(benchfleet.exceptions, name), Exception)} <= set(
        benchfleet.__all__
    )
    assert sorted(benchfleet.__all__) == sorted(set(benchfleet.__all__))


def test_a_name_that_is_not_there_is_no_name() -> None:
    with pytest.raises(AttributeError, match="module 'benchfleet' has no attribute 'Klient'"):
        benchfleet.Klient  # noqa: B018


def test_both_clients_have_the_same_operations() -> None:
    def public(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    assert public(Client) - {"close"} == public(AsyncClient) - {"aclose"}
    assert public(Client) >= NAMES
    assert len(NAMES) == 33


@each_case("name", sorted(NAMES))
def test_help_tells_each_operation(name: str) -> None:
    blocking, awaited = getattr(Client, name), getattr(AsyncClient, name)
    for method in (blocking, awaited):
        words = pydoc.plain(pydoc.render_doc(method))
        assert f"{name}(self" in words
        assert "session" not in words
        assert "Raises" in words
    assert inspect.signature(blocking).parameters == inspect.signature(awaited).parameters
    assert name in pydoc.plain(pydoc.render_doc(Client))


def test_signatures_say_what_comes_back() -> None:
    def returned(method: Any) -> Any:
        return inspect.signature(method).return_annotation

    assert returned(Client.run) is RunDetail
    assert returned(AsyncClient.run) == Coroutine[Any, Any, RunDetail]
    assert returned(Client.tasks) == Iterator[Task]
    assert returned(AsyncClient.tasks) == AsyncIterator[Task]


def test_a_wrong_argument_is_a_type_error_at_the_call() -> None:
    with Client("http://api.test") as client, pytest.raises(TypeError, match="staus"):
        client.tasks("7", staus="failed")  # type: ignore[call-arg]


def test_a_loop_that_breaks_off_ends_its_iterator() -> None:
    """The flow's own clean-up runs at once, not when the garbage is collected."""
    ended: list[bool] = []

    async def flow() -> Any:
        try:
            yield 1
            yield 2
        finally:
            ended.append(True)

    source = flow()  # kept, so that nobody else ends it
    items = Client.iterate(source)
    assert next(items) == 1
    items.close()  # type: ignore[attr-defined]
    assert ended == [True]


def test_a_flow_that_suspends_is_a_bug_that_is_told() -> None:
    with pytest.raises(RuntimeError, match="bug of benchfleet"):
        Client.run_flow(asyncio.sleep(0))


if TYPE_CHECKING:  # mypy is this test: an ignore that is not needed is an error, too

    def blocking_types(client: Client, to: Path) -> None:
        assert_type(client.up(), None)
        assert_type(client.create_run({}), CreatedRun)
        assert_type(client.run("7"), RunDetail)
        assert_type(client.summary("7"), RunSummary)
        assert_type(client.runs(), Iterator[RunListItem])
        assert_type(client.runners("7"), RunnerList)
        assert_type(client.stop_run("7"), None)
        assert_type(client.delete_run("7", wait=False, timeout_s=1), None)
        assert_type(client.tasks("7", status=TaskStatus.FAILED), Iterator[Task])
        assert_type(client.task("7.1"), Task)
        assert_type(client.task_files("7.1"), TaskFiles)
        assert_type(client.wait("7", timeout_s=1), RunDetail)
        assert_type(client.download("7", to), Path)
        client.run()  # type: ignore[call-arg]
        client.run(7)  # type: ignore[arg-type]
        client.wait("7")  # type: ignore[call-arg]
        client.download("7", to, on_progress=print, off="x")  # type: ignore[call-arg]

    async def awaited_types(client: AsyncClient, to: Path) -> None:
        assert_type(await client.up(), None)
        assert_type(await client.create_run({}), CreatedRun)
        assert_type(await client.run("7"), RunDetail)
        assert_type(await asyncio.create_task(client.run("7")), RunDetail)
        assert_type(await client.summary("7"), RunSummary)
        assert_type(client.runs(), AsyncIterator[RunListItem])
        assert_type(await client.runners("7"), RunnerList)
        assert_type(await client.stop_run("7"), None)
        assert_type(await client.delete_run("7"), None)
        assert_type(client.tasks("7", status="failed"), AsyncIterator[Task])
        assert_type(await client.task("7.1"), Task)
        assert_type(await client.task_files("7.1"), TaskFiles)
        assert_type(await client.wait("7", timeout_s=1), RunDetail)
        assert_type(await client.download("7", to), Path)
        await client.run(7)  # type: ignore[arg-type]
        await client.task("7.1", run="7")  # type: ignore[call-arg]
