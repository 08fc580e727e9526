"""What starting the whole emulator costs over importing the server that it is built on."""

from typing import Any

from benchmarks.child_cpu import ROUNDS, cpu_ratio
from benchmarks.metric import Metric

START = """
import atexit
from local_emulator.stack import Emulator
emulator = Emulator()
atexit.register(emulator.stop)
emulator.start()
"""


def metrics() -> list[dict[str, Any]]:
    ratio = cpu_ratio(START, over="import moto.server")
    how = f"user and system CPU until everything answers, in fresh interpreters, least of {ROUNDS} each, interleaved"
    return [Metric("emulator start over import moto.server", round(ratio, 2), "ratio", 2, how).as_dict()]
