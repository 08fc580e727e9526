"""Lists of cores as Linux and its tools write them: `0-3,7`."""

from collections.abc import Iterable


def read(text: str) -> list[int]:
    """The cores in the order of the text. Raises ValueError if it is no such list."""
    cores: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        cores.extend(range(int(first), int(last or first) + 1))
    return cores


def write(cores: Iterable[int]) -> str:
    """Each core by itself: `0,1,7`."""
    return ",".join(str(core) for core in sorted(cores))
