"""One process of one function: one event at a time, until it is ended, or ends itself."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_emulator.account.lambdas.bootstrap import MARK

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
LOAD_S = 60.0  # how long the import of the handler may take; AWS gives ten on machines that do nothing else
LOGS_S = 2.0  # how long to wait for what a function wrote before it answered
MOST_ANSWER_BYTES = 6 * 1024 * 1024  # AWS's limit of a synchronous answer


@dataclass(frozen=True)
class Plan:
    """How a function's process is started."""

    task: Path
    runtime: Path
    handler: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """`body` is JSON. `failed` in AWS's sense: it is then an error document. `dead`: the process is gone."""

    body: bytes
    failed: bool = False
    dead: bool = False


class Worker:
    """`on_line` gets each line that the function writes. Raises OSError where no process can be started."""

    def __init__(self, plan: Plan, *, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._ended = threading.Condition()
        self._last_mark = ""
        readable, writable = os.pipe()
        command = [
            sys.executable,
            "-I",
            "-S",
            str(BOOTSTRAP),
            str(writable),
            str(plan.task),
            str(plan.runtime),
            plan.handler,
        ]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(plan.environment),
                pass_fds=(writable,),
                start_new_session=True,
            )
        except OSError:
            os.close(readable)
            raise
        finally:
            os.close(writable)
        self._results = os.fdopen(readable, "rb", buffering=0)
        self._poll = select.poll()  # select() takes no descriptors beyond 1,024
        self._poll.register(self._results, select.POLLIN)
        self._reader = threading.Thread(target=self._read_lines, name=f"function-{self._process.pid}", daemon=True)
        self._reader.start()
        self.problem = self._load()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None and self.problem is None

    def invoke(self, event: Any, *, request_id: str, arn: str, timeout_s: float) -> Outcome:
        """What the handler answers; an error document where it raised, ran out of time or took its process along."""
        deadline = time.time() + timeout_s
        asked = {
            "event": event, "request_id": request_id, "arn": arn, "deadline_ms": int(deadline * 1000),
            "trace": f"Root=1-{int(time.time()):08x}-{request_id.replace('-', '')[:24]};Sampled=0",
        }  # fmt: skip
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._receive(within_s=timeout_s)
        except OSError:
            answer = None
        if answer is None:
            return self._lost(request_id, timeout_s, in_time=time.time() < deadline)
        self._wait_for_logs(request_id)
        body = answer["body"].encode()
        if len(body) > MOST_ANSWER_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({MOST_ANSWER_BYTES} bytes)."
            return Outcome(_error("Function.ResponseSizeTooLarge", message, request_id), failed=True)
        return Outcome(body, failed=answer["failed"])

    def end(self) -> None:
        """Kills the process and all that it started. May be called twice."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._results):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        self._reader.join(LOGS_S)

    def _load(self) -> dict[str, Any] | None:
        """What kept the handler from being loaded, or None."""
        answer = self._receive(within_s=LOAD_S)
        if answer is None:
            code = self._process.poll()
            words = f"Runtime exited with error: exit status {code}" if code is not None else "Init timed out"
            return {"errorMessage": f"RequestId: - Error: {words}", "errorType": "Runtime.ExitError"}
        problem: dict[str, Any] | None = answer["problem"]
        return problem

    def _lost(self, request_id: str, timeout_s: float, *, in_time: bool) -> Outcome:
        """It ran out of time, or its process ended."""
        code = self._process.poll()
        self.end()
        if code is None and not in_time:
            message = f"RequestId: {request_id} Error: Task timed out after {timeout_s:.2f} seconds"
            return Outcome(_error("Sandbox.Timedout", message, request_id), failed=True, dead=True)
        message = f"RequestId: {request_id} Error: Runtime exited with error: {_ending(code)}"
        return Outcome(_error("Runtime.ExitError", message, request_id), failed=True, dead=True)

    def _receive(self, *, within_s: float) -> dict[str, Any] | None:
        """The next message on the pipe of results; None at its end, or when the time is over."""
        until = time.monotonic() + within_s
        head = self._read(until, lambda data: data.endswith(b"\n"), one_byte=True)
        if head is None:
            return None
        length = int(head)
        body = self._read(until, lambda data: len(data) == length, most=length)
        found: dict[str, Any] | None = None if body is None else json.loads(body)
        return found

    def _read(
        self, until: float, done: Callable[[bytes], bool], *, most: int = 1, one_byte: bool = False
    ) -> bytes | None:
        data = bytearray()
        while not done(data):  # type: ignore[arg-type]
            left = until - time.monotonic()
            if left <= 0 or not self._poll.poll(left * 1000):
                return None
            chunk = self._results.read(1 if one_byte else most - len(data))
            if not chunk:
                self._process.wait()
                return None
            data += chunk
        return bytes(data)

    def _read_lines(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for raw in stream:
                line = raw.decode(errors="replace").rstrip("\n")
                written, mark, request_id = line.partition(MARK)
                if written or not mark:
                    self._on_line(written)
                if mark:
                    with self._ended:
                        self._last_mark = request_id
                        self._ended.notify_all()

    def _wait_for_logs(self, request_id: str) -> None:
        with self._ended:
            self._ended.wait_for(lambda: self._last_mark == request_id, LOGS_S)


def _ending(code: int | None) -> str:
    return f"signal: {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit status {code}"


def _error(kind: str, message: str, request_id: str) -> bytes:
    return json.dumps({"errorMessage": message, "errorType": kind, "requestId": request_id}).encode()
