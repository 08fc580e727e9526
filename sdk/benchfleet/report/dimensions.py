"""What `--by` takes: names of dimensions."""

from benchfleet_results.boards.dimensions import NAMES, By

from benchfleet.exceptions import UsageError

BOTH = "both"


def parse(text: str) -> By:
    """`subject`, `both` (machine and subject) or names with commas between them. Raises UsageError."""
    words = {word.strip() for word in text.split(",")}
    if BOTH in words:
        words = (words - {BOTH}) | {"machine", "subject"}
    if not words or words - set(NAMES):
        raise UsageError(f"--by is {text!r}, must be {', '.join(NAMES)} or {BOTH}, or several with commas between them")
    return tuple(name for name in NAMES if name in words)
