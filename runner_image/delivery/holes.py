"""How small an archive of files with holes must become: known before anything of them is read.

A file of 20 GiB takes no time to make if it is one hole, and minutes to pack.
"""

import errno
import os
from pathlib import Path

_HOLE_RATIO = 900  # deflate makes of zeros up to 1,032 times less
_MOST_PIECES = 1_000  # that are asked for: what lies beyond counts as data


def most_packed_bytes(paths: dict[Path, int]) -> int:
    """An upper bound for the packed size of files; path → how many of its bytes are packed. Data may not shrink at all."""
    data = sum(min(_data_bytes(path), taken) for path, taken in paths.items())
    return data + (sum(paths.values()) - data) // _HOLE_RATIO


def _data_bytes(path: Path) -> int:
    """Bytes of a file that are no hole; all of them where the file system does not say."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return 0  # nothing of it is packed
    try:
        return _data_in(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)


def _data_in(descriptor: int, size: int) -> int:
    found = end = 0
    try:
        for _ in range(_MOST_PIECES):
            start = os.lseek(descriptor, end, os.SEEK_DATA)
            end = os.lseek(descriptor, start, os.SEEK_HOLE)
            found += end - start
    except OSError as error:
        return found if error.errno == errno.ENXIO else size  # no data after `end`; or no answer
    return found + size - end
