"""Collecting thousands of tests is most of what a worker does before its first test.

It makes millions of objects that all stay: the garbage collector need not look at them. It would do so again and again,
a fifth and more of the time that collecting takes.

After a change, pytest rewrites and compiles each changed file, which takes longer than all else; in a new clone, these are
all files. Workers begin with different files, so that each is compiled by one worker and read by the others.
"""

import gc
from collections.abc import Generator, Sequence
from contextlib import suppress
from importlib import import_module

import pytest


def own_share_first(files: Sequence[str], *, worker: int, workers: int) -> list[str]:
    start = len(files) * worker // workers
    return [*files[start:], *files[:start]]


def import_own_share_first(config: pytest.Config) -> None:
    """In a worker that collects the whole suite. What cannot be imported is told by the collection."""
    told = getattr(config, "workerinput", None)
    if told is None or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    paths = sorted(config.rootpath.glob("tests/*/test_*.py"))
    names = [".".join(path.relative_to(config.rootpath).with_suffix("").parts) for path in paths]
    worker = (
        int(told["workerid"].removeprefix("gw")) % told["workercount"]
    )  # one that replaces another has a new number
    for name in own_share_first(names, worker=worker, workers=told["workercount"]):
        with suppress(Exception, pytest.skip.Exception):
            import_module(name)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    gc.disable()
    try:
        import_own_share_first(session.config)
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
