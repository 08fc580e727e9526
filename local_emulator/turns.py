"""So many requests are worked on at once. The rest wait in line, and whoever finds the line full is refused.

The requests share one interpreter, so more of them at once are not done sooner, only later each.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

LONGEST_WAIT_S = 20.0  # sooner than any client of ours gives up: what nobody waits for is not begun
RETRY_AFTER_S = 1
STATUS = "429 Too Many Requests"

WsgiApp = Any


class Turns:
    """In front of the API. First come, first served; what was not begun gets a 429 in API Gateway's words.

    `app` is done with a request when it returns. `longest_wait_s` is in seconds.
    """

    def __init__(
        self,
        app: WsgiApp,
        *,
        at_once: int,
        most_waiting: int,
        longest_wait_s: float = LONGEST_WAIT_S,
    ) -> None:
        self._app = app
        self._free = at_once
        self._most_waiting = most_waiting
        self._longest_wait_s = longest_wait_s
        self._lock = threading.Lock()
        self._line: deque[threading.Event] = deque()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if not self._begin():
            headers = [("Content-Type", "application/json"), ("Retry-After", str(RETRY_AFTER_S))]
            start_response(STATUS, headers)
            return [b'{"message": "Too Many Requests"}']
        try:
            answer: list[bytes] = self._app(environ, start_response)
            return answer
        finally:
            self._end()

    def _begin(self) -> bool:
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            if len(self._line) >= self._most_waiting:
                return False
            turn = threading.Event()
            self._line.append(turn)
        return turn.wait(self._longest_wait_s) or not self._leave(turn)

    def _leave(self, turn: threading.Event) -> bool:
        """False where the turn came in the last moment."""
        with self._lock:
            if turn.is_set():
                return False
            self._line.remove(turn)
            return True

    def _end(self) -> None:
        """The turn passes to the first in line: nobody who comes later can take it."""
        with self._lock:
            if self._line:
                self._line.popleft().set()
            else:
                self._free += 1
