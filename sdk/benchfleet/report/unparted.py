"""Numbers that stay beside their units where a text is wrapped: `0.1` at the end of a line says nothing."""

import re

NO_BREAK = "\N{NO-BREAK SPACE}"
_UNITS = r"%|ns|µs|us|ms|s|min|h|[KMGT]?i?B|bytes"
_BETWEEN = re.compile(rf"(?<=\d) (?=(?:{_UNITS})(?!\w))")


def unparted(text: str, blank: str = NO_BREAK) -> str:
    return _BETWEEN.sub(blank, text)
