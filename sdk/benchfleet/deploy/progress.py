"""What a deploy tells while it works."""

from typing import Protocol


class Progress(Protocol):
    """`step` begins a step, `resource` tells of one thing of AWS, `note` of anything else. Nothing told is a secret."""

    def step(self, words: str) -> None: ...

    def resource(self, name: str, kind: str, state: str) -> None: ...

    def note(self, words: str) -> None: ...
