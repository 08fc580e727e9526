"""A free port that is held until the server takes it."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"


class PortTaken(Exception):
    """Somebody else has the port that was asked for."""


@contextmanager
def held(wanted: int = 0) -> Iterator["Held"]:
    """0: any free port. Raises PortTaken."""
    with socket.socket() as own:
        try:
            own.bind((HOST, wanted))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                raise PortTaken(f"Port {wanted} is taken: choose another one, or leave it out") from error
            raise
        yield Held(own)


class Held:
    """Bound, so that nobody else is given it; never listening, so that nobody is answered."""

    def __init__(self, own: socket.socket) -> None:
        self._own, self.port = own, int(own.getsockname()[1])

    def release(self) -> int:
        """Gives it up at the last moment."""
        self._own.close()
        return self.port


def is_answered(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0
