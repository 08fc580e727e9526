"""What runners and benchmarks say, made harmless for a terminal."""

import re

# Sequences that move cursors or set titles, other control characters, and those that turn the direction of writing.
_CONTROL = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|"
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def printable(text: str) -> str:
    """Line breaks and tabs stay."""
    return _CONTROL.sub("", text)
