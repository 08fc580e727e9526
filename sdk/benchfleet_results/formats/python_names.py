"""How a Python interpreter is called as a variant, whichever tool names it."""


def variant(implementation: str | None, version: str | None) -> str:
    """`CPython`, `3.11.7` → `cpython-3.11`; `default` where the file does not say."""
    series = ".".join((version or "").split(" ")[0].split(".")[:2])
    return f"{implementation.lower()}-{series}" if implementation and series else "default"
