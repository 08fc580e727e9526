"""Wakes an event loop on time: its own timers are whole milliseconds (libuv), which is longer than some servers take."""

import ctypes
import os
from asyncio import AbstractEventLoop
from collections.abc import Callable

_MONOTONIC, _NONBLOCK_CLOEXEC, _ABSOLUTE = 1, 0o4000 | 0o2000000, 1
_NS = 1_000_000_000


class _Spec(ctypes.Structure):
    """struct itimerspec: interval and value, each seconds and nanoseconds."""

    _fields_ = (("every_s", ctypes.c_long), ("every_ns", ctypes.c_long), ("s", ctypes.c_long), ("ns", ctypes.c_long))


class Timer:
    """A timerfd(2) of Linux. Times are those of `time.monotonic()`."""

    def __init__(self, loop: AbstractEventLoop, wake: Callable[[], None]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._file = self._libc.timerfd_create(_MONOTONIC, _NONBLOCK_CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._loop, self._wake, self._spec = loop, wake, _Spec()
        self._at = ctypes.byref(self._spec)
        loop.add_reader(self._file, self._rang)

    def set(self, at_s: float) -> None:
        self._spec.s = int(at_s)
        self._spec.ns = max(1, int((at_s - int(at_s)) * _NS))
        self._libc.timerfd_settime(self._file, _ABSOLUTE, self._at, None)

    def close(self) -> None:
        self._loop.remove_reader(self._file)
        os.close(self._file)

    def _rang(self) -> None:
        try:
            os.read(self._file, 8)
        except BlockingIOError:
            return
        self._wake()
