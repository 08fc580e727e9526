"""A plugin for pytest: every test begins with empty caches of our functions.

Else the first test that asks fills the cache, and mutmut does not learn that the later ones reach what is computed below
it: it would not run them for a mutant there. Nor may a mutant be answered with what the code without it computed.
"""

import functools
import sys
from collections.abc import Iterable
from types import ModuleType

import pytest

_OURS = frozenset({"chalicelib", "local_emulator", "benchfleet", "benchfleet_contract", "benchfleet_results"})


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    clear(module for name, module in list(sys.modules.items()) if name.partition(".")[0] in _OURS)


def clear(modules: Iterable[ModuleType]) -> None:
    """Empties the caches of the functions that stand in these modules."""
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, functools._lru_cache_wrapper):
                value.cache_clear()
