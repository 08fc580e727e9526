"""The servers of a real language model that proofs ask: ours, and llama.cpp's own where it is installed.

What cannot be had is a skip that says why; under CI=true a failure.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_emulator.model.install import Unavailable
from local_emulator.model.serving import NAMES, Server, serving


@contextmanager
def real_model(names: Mapping[str, float] = NAMES, *, log: Path | None = None) -> Iterator[Server]:
    try:
        with serving(names, log=log) as server:
            yield server
    except Unavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
