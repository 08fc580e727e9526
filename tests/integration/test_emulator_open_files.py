"""The limit of open files belongs to a process, so each case is a process of its own."""

import subprocess
import sys

import pytest

TELL = """
import resource, sys
from local_emulator.open_files import allow_many
soft, hard = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(allow_many(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "allowed"),
    [(256, 512, 512), (512, 512, 512)],
    ids=["as far as it may", "no further"],
)
def test_the_limit_is_raised_to_what_the_system_allows(soft: int, hard: int, allowed: int) -> None:
    told = subprocess.run(
        [sys.executable, "-c", TELL, str(soft), str(hard)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    assert told.split() == [str(number) for number in (allowed, allowed, hard)]
