"""What functions write, in CloudWatch Logs: with the function's own permission, as on AWS."""

import time
from contextlib import suppress
from typing import Any

from moto.backends import get_backend

from local_emulator.account.iam.authority import Authority, Denied
from local_emulator.account.iam.conditions import PolicyNotUnderstood
from local_emulator.account.iam.identities import Caller
from local_emulator.account.iam.needs import Need
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.config import ACCOUNT

ACTIONS = ("CreateLogGroup", "CreateLogStream", "PutLogEvents")


class FunctionLogs:
    """Writes to one stream of one group. Where the role may not, nothing is written, and nobody is told."""

    def __init__(self, group: str, stream: str, *, region: str, authority: Authority, lock: Any) -> None:
        self._group, self._stream = group, stream
        self._region = region
        self._authority = authority
        self._lock = lock
        self._ready = False

    def write(self, lines: list[str], caller: Caller) -> None:
        events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines if line]
        with self._lock:
            try:
                self._prepare(caller)
                self._require("PutLogEvents", f"{self._group}:log-stream:{self._stream}", caller)
            except (Denied, PolicyNotUnderstood):
                return
            if events and self._group in self._backend().groups:
                self._backend().put_log_events(self._group, self._stream, events)

    def _prepare(self, caller: Caller) -> None:
        backend = self._backend()
        if self._group not in backend.groups:
            self._require("CreateLogGroup", self._group, caller)
            backend.create_log_group(self._group, {})
        if self._stream not in backend.groups[self._group].streams:
            self._require("CreateLogStream", f"{self._group}:*", caller)
            backend.create_log_stream(self._group, self._stream)

    def _require(self, operation: str, name: str, caller: Caller) -> None:
        request = ApiRequest("logs", operation, self._region, "POST", "/", "json")
        arn = f"arn:aws:logs:{self._region}:{ACCOUNT}:log-group:{name}"
        self._authority.require_needs(caller, [Need(f"logs:{operation}", (arn,))], request)

    def _backend(self) -> Any:
        return get_backend("logs")[ACCOUNT][self._region]


def trace(authority: Authority, caller: Caller, *, region: str, lock: Any) -> None:
    """Lambda sends the trace of a function that is traced with the function's role. There is nobody to send it to."""
    with lock:
        for operation in ("PutTraceSegments", "PutTelemetryRecords"):
            request = ApiRequest("xray", operation, region, "POST", "/", "rest-json")
            with suppress(Denied, PolicyNotUnderstood):
                authority.require_needs(caller, [Need(f"xray:{operation}")], request)
