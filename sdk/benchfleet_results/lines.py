"""Text of others as one line."""

MAX_NAME_CHARS = 200  # of a name in a sentence


def cut(text: object, most: int = MAX_NAME_CHARS) -> str:
    """As one printable line of at most `most` characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in str(text)[: most * 4]).split())
    return words if len(words) <= most else words[: most - 1] + "…"
