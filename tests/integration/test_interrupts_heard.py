"""Tests interrupt programs: that must work also where the tests themselves were started in the background."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import hear_interrupts

TELL = [sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)"]


@pytest.fixture(autouse=True)
def _in_the_background() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_program_of_a_background_job_hears_interrupts_of_the_tests() -> None:
    assert subprocess.check_output(TELL) == b"True\n"
    hear_interrupts()
    assert subprocess.check_output(TELL) == b"False\n"


def test_somebodys_own_handler_stays() -> None:
    def own(*_: object) -> None: ...

    signal.signal(signal.SIGINT, own)
    hear_interrupts()
    assert signal.getsignal(signal.SIGINT) is own
