"""Each connection is an open file, and many systems let a process have 1,024 unless it asks for more."""

import resource
from contextlib import suppress

ENOUGH = 8_192


def allow_many() -> int:
    """Raises this process's own limit as far as it may, to `ENOUGH`; the limit that holds afterwards."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # some systems have a lower limit that they do not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
