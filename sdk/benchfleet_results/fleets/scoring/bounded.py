"""Regular expressions that end: a pattern of a dataset may need ages for one answer."""

from typing import Any

SECONDS = 1.0
MOST_TEXT = 1_000_000  # characters


class NotComputed(Exception):
    """An assertion that says neither yes nor no. The message is for the person who wrote it."""


def searched(pattern: str, text: str, *, seconds: float = SECONDS) -> bool:
    """Raises NotComputed for a wrong pattern, and where it takes longer than `seconds`."""
    regex = _engine()
    try:
        return regex.search(pattern, text[:MOST_TEXT], timeout=seconds) is not None
    except TimeoutError:
        raise NotComputed(f"the pattern took more than {seconds:g} s; write one without nested repeats") from None
    except regex.error as error:
        raise NotComputed(f"not a regular expression: {error}") from None


def _engine() -> Any:
    """`regex`, because `re` cannot be stopped. It is not there where the control plane's functions run."""
    try:
        import regex
    except ImportError:
        raise NotComputed("needs the package regex; score it again where it is installed") from None
    return regex
