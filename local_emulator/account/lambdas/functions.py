"""The account's functions: each as a process of its own, with its own environment and its role's credentials."""

import base64
import contextlib
import os
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from moto.backends import get_backend

from local_emulator.account.iam.authority import Authority
from local_emulator.account.iam.identities import Caller, Identities, caller_of_role
from local_emulator.account.lambdas.logs import FunctionLogs, trace
from local_emulator.account.lambdas.package import BadPackage, Packages
from local_emulator.account.lambdas.worker import Outcome, Plan, Worker, _error
from local_emulator.config import ACCOUNT

TAIL_BYTES = 4096  # of the log that Invoke hands back


class NoFunction(LookupError):
    """There is no such function."""


class Functions:
    """Invokes by name or ARN. A process is started for the first event, and anew once the function has changed.

    `at_once`: how many processes one function may have.
    """

    def __init__(
        self, identities: Identities, authority: Authority, *, folder: Path, aws_url: str, lock: Any, at_once: int
    ) -> None:
        self._identities = identities
        self._authority = authority
        self._packages = Packages(folder)
        self._url = aws_url
        self._lock = lock
        self._at_once = at_once
        self._pools: dict[str, _Pool] = {}
        self._guard = threading.Lock()
        self._closed = False

    def invoke(self, name: str, event: Any, *, region: str, request_id: str | None = None) -> "Invocation":
        """Raises NoFunction. What goes wrong in the function is an outcome."""
        function = self._found(name, region)
        return self._pool(function).invoke(event, request_id or str(uuid.uuid4()))

    def exists(self, name: str, region: str) -> bool:
        with contextlib.suppress(NoFunction):
            return bool(self._found(name, region))
        return False

    def role_of(self, name: str, region: str) -> str:
        """The ARN of the function's role. Raises NoFunction."""
        return str(self._found(name, region).role)

    def policy_of(self, name: str, region: str) -> dict[str, Any]:
        """The function's own policy: who may invoke it. Raises NoFunction."""
        return {"Version": "2012-10-17", "Statement": self._found(name, region).policy.statements}

    def close(self) -> None:
        with self._guard:
            self._closed = True
            pools = list(self._pools.values())
        for pool in pools:
            pool.close()

    def _found(self, name: str, region: str) -> Any:
        """moto's function."""
        place, plain = region_and_name(name, region)
        with self._lock:
            for each in get_backend("lambda")[ACCOUNT][place].list_functions():
                if each.function_name == plain:
                    return each
        raise NoFunction(f"Function not found: arn:aws:lambda:{place}:{ACCOUNT}:function:{plain}")

    def _pool(self, function: Any) -> "_Pool":
        arn = f"arn:aws:lambda:{function.region}:{ACCOUNT}:function:{function.function_name}"
        version = _version(function)
        stale: _Pool | None = None
        with self._guard:
            if self._closed:
                raise NoFunction("the account is ending")
            pool = self._pools.get(arn)
            if pool is None or pool.version != version:
                stale, pool = pool, _Pool(arn, version, self._setup(function, arn), at_once=self._at_once)
                self._pools[arn] = pool
        if stale:
            stale.close(idle_only=True)
        return pool

    def _setup(self, function: Any, arn: str) -> "_Setup":
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        logs = FunctionLogs(
            function.logs_group_name, stream, region=function.region, authority=self._authority, lock=self._lock
        )
        traced = partial(trace, self._authority, region=function.region, lock=self._lock)
        return _Setup(
            function, arn=arn, stream=stream, logs=logs, plan=lambda: self._plan(function, stream), trace=traced
        )

    def _plan(self, function: Any, stream: str) -> Plan:
        """Raises BadPackage, LookupError where the role is gone."""
        with self._lock:
            who = self._identities.role_session(function.role, function.function_name, function.region)
        task = self._packages.unpacked(function.code_bytes, function.code_sha_256)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(task),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "_HANDLER": function.handler,
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_ACCESS_KEY_ID": who.access_key or "",
            "AWS_SECRET_ACCESS_KEY": who.secret_key or "",
            "AWS_SESSION_TOKEN": who.token or "",
            "AWS_ENDPOINT_URL": self._url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            **{name: str(value) for name, value in function.environment_vars.items()},
        }
        return Plan(task, self._packages.runtime(), function.handler, environment)


def region_and_name(name: str, region: str) -> tuple[str, str]:
    """Of a function's name, its ARN, or its ARN with a version."""
    if name.startswith("arn:"):
        parts = name.split(":")
        return parts[3], parts[6]
    return region, name.split(":")[0]


def _version(function: Any) -> tuple[Any, ...]:
    """What a running process was made of."""
    return (
        function.code_sha_256, function.handler, function.role, function.timeout, function.memory_size,
        tuple(sorted(function.environment_vars.items())),
    )  # fmt: skip


class Invocation:
    """An outcome with the last of the function's log, and how long it took, in seconds."""

    def __init__(self, outcome: Outcome, lines: list[str], took_s: float) -> None:
        self.outcome, self.took_s = outcome, took_s
        self.log_tail = base64.b64encode("\n".join(lines).encode()[-TAIL_BYTES:]).decode()


class _Setup:
    """What the processes of one version of a function share."""

    def __init__(
        self,
        function: Any,
        *,
        arn: str,
        stream: str,
        logs: FunctionLogs,
        plan: Callable[[], Plan],
        trace: Callable[[Caller], None],
    ) -> None:
        self.function, self.arn, self.stream, self.logs, self.plan = function, arn, stream, logs, plan
        self._trace = trace

    def trace(self, caller: Caller) -> None:
        if (self.function.tracing_config or {}).get("Mode") == "Active":
            self._trace(caller)

    @property
    def caller(self) -> Caller:
        """Raises LookupError."""
        return caller_of_role(self.function.role, self.function.function_name)


class _Pool:
    """The processes of one version of one function."""

    def __init__(self, arn: str, version: tuple[Any, ...], setup: _Setup, *, at_once: int) -> None:
        self.version = version
        self._arn = arn
        self._setup = setup
        self._free = threading.Semaphore(at_once)
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()
        self._guard = threading.Lock()
        self._closed = False

    def invoke(self, event: Any, request_id: str) -> Invocation:
        with self._free:
            try:
                process = self._take()
            except (OSError, BadPackage, LookupError) as error:
                return Invocation(
                    Outcome(_error("Runtime.InvalidEntrypoint", str(error), request_id), failed=True), [], 0
                )
            try:
                return process.invoke(event, request_id, arn=self._arn)
            finally:
                self._give_back(process)

    def close(self, *, idle_only: bool = False) -> None:
        with self._guard:
            self._closed = True
            ending = list(self._idle if idle_only else self._all)
            self._idle.clear()
        for process in ending:
            process.end()
            self._all.discard(process)

    def _take(self) -> "_Process":
        with self._guard:
            if self._idle:
                return self._idle.pop()
        process = _Process(self._setup)
        with self._guard:
            self._all.add(process)
        return process

    def _give_back(self, process: "_Process") -> None:
        with self._guard:
            if process.alive and not self._closed:
                self._idle.append(process)
                return
            self._all.discard(process)
        process.end()


class _Process:
    """A worker, and what it has written since its last answer."""

    def __init__(self, setup: _Setup) -> None:
        self._setup = setup
        self._lines: list[str] = []
        self._worker = Worker(setup.plan(), on_line=self._lines.append)

    @property
    def alive(self) -> bool:
        return self._worker.alive

    def invoke(self, event: Any, request_id: str, *, arn: str) -> Invocation:
        started = time.monotonic()
        if self._worker.problem:
            outcome = Outcome(_error(**_problem(self._worker.problem), request_id=request_id), failed=True, dead=True)
        else:
            timeout_s = float(self._setup.function.timeout)
            outcome = self._worker.invoke(event, request_id=request_id, arn=arn, timeout_s=timeout_s)
        took_s = time.monotonic() - started
        lines = self._log(request_id, outcome, took_s)
        return Invocation(outcome, lines, took_s)

    def end(self) -> None:
        self._worker.end()

    def _log(self, request_id: str, outcome: Outcome, took_s: float) -> list[str]:
        written, self._lines[:] = list(self._lines), []
        lines = [
            f"START RequestId: {request_id} Version: $LATEST",
            *written,
            *([outcome.body.decode()] if outcome.dead else []),
            f"END RequestId: {request_id}",
            f"REPORT RequestId: {request_id}\tDuration: {took_s * 1000:.2f} ms\t"
            f"Billed Duration: {took_s * 1000:.0f} ms\tMemory Size: {self._setup.function.memory_size} MB",
        ]
        with contextlib.suppress(LookupError):  # the role is gone: nobody may write
            caller = self._setup.caller
            self._setup.logs.write(lines, caller)
            self._setup.trace(caller)
        return lines


def _problem(given: dict[str, Any]) -> dict[str, str]:
    return {"kind": str(given["errorType"]), "message": str(given["errorMessage"])}
