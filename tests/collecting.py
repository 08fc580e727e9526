"""Collecting thousands of tests makes millions of objects that all stay: the garbage collector need not look at them.

It would do so again and again: a fifth and more of the time that collecting takes.
"""

import gc
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
