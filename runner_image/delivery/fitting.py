"""Which files of a result are cut, and how, so that the archive can take them all."""

import io
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from tarfile import BLOCKSIZE
from typing import BinaryIO

from benchfleet_contract.bounds import MAX_MEMBERS, MIB, level

_RESERVE = MIB  # for what is not yet known when the sizes are looked at
_MOST_FILES = MAX_MEMBERS // 2 - 1  # a file may have two headers
_NAMED = 3


@dataclass(frozen=True)
class Plan:
    """`sizes`: name → bytes of the file as it is. `cap`: what each but the `whole` ones is cut to. `dropped`: left out."""

    sizes: Mapping[str, int]
    whole: AbstractSet[str]
    cap: int
    dropped: tuple[str, ...] = field(default=())

    @property
    def names(self) -> list[str]:
        return sorted(self.sizes.keys() - set(self.dropped))

    def cap_of(self, name: str) -> int:
        return self.sizes[name] if name in self.whole else self.cap

    @property
    def words(self) -> str:
        """What is not whole, in one sentence; empty if everything is."""
        cut = [name for name in self.names if self.sizes[name] > self.cap_of(name)]
        told = [f"{_some(cut)} cut to beginning and end, {self.cap // 1024} KiB each"] if cut else []
        told += [f"{len(self.dropped)} of {len(self.sizes)} files left out"] if self.dropped else []
        return f"too large for the archive: {'; '.join(told)}" if told else ""


def header_bytes(name: str) -> int:
    """Bytes of tar around one file at most: an extended header, its data (the name, if long), the header, padding."""
    return BLOCKSIZE * (5 + len(name.encode(errors="surrogateescape")) // BLOCKSIZE)


def fitting(sizes: Mapping[str, int], *, whole: AbstractSet[str], budget: int) -> Plan:
    """Cuts the largest files only, all to one size, so that the tar has at most `budget` bytes."""
    others = sorted(sizes.keys() - whole, key=lambda name: (name.count("/"), name))  # the deepest are left out first
    dropped = tuple(others[max(_MOST_FILES - len(whole), 0) :])
    open_ = [sizes[name] for name in others[: len(others) - len(dropped)]]
    kept = sum(size for name, size in sizes.items() if name in whole)
    headers = sum(header_bytes(name) for name in sizes.keys() - set(dropped))
    room = budget - _RESERVE - kept - headers
    return Plan(sizes, whole, level(open_, max(room, 0)), dropped)


def head_and_tail(source: BinaryIO, size: int, most: int) -> "Spliced":
    """`most` bytes of a file of `size`: its beginning, a line that says how much is missing, its end."""
    words = f"\n[... {size - most} bytes and more left out ...]\n".encode()
    room = most - len(words)
    if room <= 0:
        return Spliced([(source, 0, most)])
    tail = room // 2
    return Spliced([(source, 0, room - tail), (io.BytesIO(words), 0, len(words)), (source, size - tail, tail)])


class Spliced:
    """Reads parts of files one after the other; a part is (file, first byte, bytes)."""

    def __init__(self, parts: list[tuple[BinaryIO, int, int]]) -> None:
        self._parts = parts

    def read(self, most: int = -1) -> bytes:
        """Up to `most` bytes, all when negative; fewer only at the end."""
        found = bytearray()
        while self._parts and (most < 0 or len(found) < most):
            file, start, left = self._parts[0]
            file.seek(start)
            data = file.read(left if most < 0 else min(left, most - len(found)))
            found += data
            self._parts[0] = (file, start + len(data), left - len(data))
            if not data or left == len(data):
                del self._parts[0]
        return bytes(found)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
