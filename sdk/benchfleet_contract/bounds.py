"""How large a result may be: kept where it is made, and asked again by whoever reads it.

A runner makes a result fit and says what it left out; archive and report refuse what is beyond. All of them look here.
"""

import re
from itertools import islice

MIB = 1024**2

# An uploaded tar.gz.
MAX_MEMBERS = 20_000  # headers, of which a file may have two
# A path: folders and the file's name. With a task's folder before it below 1,024 bytes, the shortest PATH_MAX in use.
MAX_DEPTH = 8
MAX_PART_BYTES = 100
MAX_UNPACKED_BYTES = 20 * 1024**3
MAX_RATIO = 200  # a benchmark's text compresses 5 to 20 times, deflate at most 1,032 times
FREE_BYTES = 64 * MIB  # below this no ratio is asked for: a small log of equal lines is no attack

# The output.json of one task.
MAX_OUTPUT_BYTES = 64 * MIB  # 100 benchmarks of 1,000 samples are 2 MiB
MAX_MEASUREMENTS = 20_000
MAX_SAMPLES = 1_000_000
MAX_FAILURES = 20_000
MAX_VALUES = MAX_SAMPLES + 20 * MAX_MEASUREMENTS  # of all kinds, counted by commas
MAX_NAME_CHARS = 1_000  # of a benchmark, a variant, a metric, a unit
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # that never ends, too: each byte is looked at once


def beyond(raw: bytes) -> str | None:
    """Why readers refuse an output.json of these bytes before they parse it; None if they do not."""
    if len(raw) > MAX_OUTPUT_BYTES:
        return f"{len(raw)} bytes, at most {MAX_OUTPUT_BYTES} are read"
    return f"more than {MAX_VALUES} values" if has_many_values(raw) else None


def has_many_values(raw: bytes, *, most: int = MAX_VALUES) -> bool:
    """More than `most`, by the commas between them; those in names part nothing. Twice as many texts are too many, too."""
    count = raw.count(b",")
    if count <= most:
        return False
    within = [text[0].count(b",") for text in islice(_TEXT.finditer(raw), 2 * most + 1)]  # each takes its time
    return len(within) > 2 * most or count - sum(within) > most


def unpacked_bytes(packed_bytes: int) -> int:
    """What an upload of `packed_bytes` may unpack to."""
    return min(MAX_UNPACKED_BYTES, max(FREE_BYTES, MAX_RATIO * packed_bytes))


def level(sizes: list[int], budget: int) -> int:
    """The largest cap with which `sizes`, each cut down to it, fit `budget` together: the small ones stay whole."""
    left, open_ = budget, len(sizes)
    for size in sorted(sizes):
        if size * open_ > left:
            return left // open_
        left, open_ = left - size, open_ - 1
    return max(sizes, default=0)
