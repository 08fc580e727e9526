"""What a deploy has changed so far: for the words about what is left behind when it does not get to its end."""

from collections.abc import Iterator
from contextlib import contextmanager

from benchfleet.deploy.errors import NOTHING


class Changed:
    """`going_on` is how the rest comes to an end."""

    def __init__(self, going_on: str) -> None:
        self._going_on = going_on
        self._things: dict[str, bool] = {}

    @contextmanager
    def changing(self, thing: str) -> Iterator[None]:
        """Unfinished from here on, finished if the block ends well."""
        self._things[thing] = False
        yield
        self._things[thing] = True

    def words(self) -> str:
        if not self._things:
            return NOTHING
        told = [thing if finished else f"{thing} (unfinished)" for thing, finished in self._things.items()]
        return f"{', '.join(told)}; {self._going_on}"
