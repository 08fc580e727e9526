"""The two files of a result that say what it measured, kept while they are copied into the archive."""

from collections.abc import Iterator

from chalicelib.archive.results import LARGEST
from chalicelib.archive.unpack import Member


class Kept:
    """Of one upload. A file that is larger than what is judged by is copied and not kept."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def through(self, name: str, member: Member) -> Iterator[bytes]:
        """The member's chunks; `name` is its path in the task's folder."""
        if member.size_bytes > LARGEST.get(name, -1):
            yield from member.chunks
            return
        held = bytearray()
        for chunk in member.chunks:
            held += chunk
            yield chunk
        self.files[name] = bytes(held)
