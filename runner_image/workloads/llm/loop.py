"""An event loop in a thread of its own: the thread of the task stays free to report, and to meet a stop."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType

END_S = 30.0  # for what is under way to see that it is cancelled


class Loop:
    """`ended` waits, and raises the work's own error. Leaving the block before that cancels the work and waits for it."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._ready, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="llm", daemon=True)

    def __enter__(self) -> "Loop":
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._over.is_set():
            self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join(END_S)

    def ended(self, timeout_s: float) -> bool:
        if not self._over.wait(timeout_s):
            return False
        if self._error is not None:
            raise self._error
        return True

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._main())
        except BaseException as error:  # whatever it is, the task's thread raises it
            self._error = _first(error)
        finally:
            self._over.set()
            self._ready.set()

    async def _main(self) -> None:
        self._task = asyncio.current_task()
        self._ready.set()
        await self._work()


def _first(error: BaseException) -> BaseException:
    """Of an asyncio group of failures the one that came first: the rest are its consequences."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
