"""Read by each Python that starts with this folder on PYTHONPATH: the part of `make proof` that runs on another day.

Python waits for locks on the monotonic clock, by a call (`sem_clockwait`) that libfaketime 0.9.10 does not know: with that
clock shifted too, a wait of a second takes 400 days. With that clock left alone, libfaketime shifts the end of a sleep on
it all the same, and the kernel refuses what lies before the epoch. So sleeping is done here by a call with a span.
"""

import select
import time

TYPE_CHECKING = False  # `typing` is a heavy import, and a test says that the program does without
if TYPE_CHECKING:
    from typing import SupportsIndex


def sleep(seconds: "float | SupportsIndex", /) -> None:
    span_s = seconds if isinstance(seconds, float) else seconds.__index__()
    if span_s < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], span_s)


time.sleep = sleep
