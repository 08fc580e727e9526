"""Text of others: as one line for a sentence, or whole, as what it is compared by."""

import hashlib

MAX_NAME_CHARS = 200  # of a name in a sentence
MAX_IDENTITY_CHARS = 4_000  # of a machine's or a run's name; the rest of a longer one counts by its digest


def cut(text: object, most: int = MAX_NAME_CHARS) -> str:
    """As one printable line of at most `most` characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in str(text)[: most * 4]).split())
    return words if len(words) <= most else words[: most - 1] + "…"


def whole(text: object) -> str:
    """A name as what it is compared by: never cut or tidied, so that two names that differ stay two."""
    name = str(text).encode(errors="backslashreplace").decode()
    if len(name) <= MAX_IDENTITY_CHARS:
        return name
    return f"{name[:MAX_IDENTITY_CHARS]}…{hashlib.sha256(name.encode()).hexdigest()}"
