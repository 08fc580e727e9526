"""A limit for a whole exchange. The timeouts of HTTP libraries are of each read: a byte now and then never reaches them."""

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from runner_image.isolation.alarm import alarm

_OPENED = ("connect_tcp.complete", "start_tls.complete")


def within(seconds: float, end: Callable[[], object]) -> AbstractContextManager[threading.Event]:
    """Calls `end` where the block lasts longer; the event says whether it did. What is closed already needs no end."""

    def late() -> None:
        with contextlib.suppress(OSError):
            end()

    return alarm(seconds, late)


class Sockets:
    """Of one httpx client, if each of its requests has `extensions`: a read of a socket that is shut down ends at once."""

    def __init__(self) -> None:
        self._opened: list[socket.socket] = []
        self.extensions: dict[str, Any] = {"trace": self._trace}

    def shut_down(self) -> None:
        for one in self._opened:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _trace(self, name: str, about: Mapping[str, Any]) -> None:
        """https://www.encode.io/httpcore/extensions/#trace"""
        if name.endswith(_OPENED):
            self._opened.append(about["return_value"].get_extra_info("socket"))
