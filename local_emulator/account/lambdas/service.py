"""Lambda's requests that moto cannot answer: Invoke, and event source mappings.

Event source mappings: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local_emulator.account.answers import Start, answer, answer_error, answer_json
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.account.lambdas.functions import Functions, NoFunction, region_and_name
from local_emulator.config import ACCOUNT

log = logging.getLogger(__name__)
ASYNC_TRIES = 3  # an event that nobody waits for is tried again twice
ASYNC_PAUSE_S = 1.0  # AWS waits a minute, then two
KNOWN = {
    "EventSourceArn", "FunctionName", "Enabled", "BatchSize", "StartingPosition", "MaximumBatchingWindowInSeconds",
    "UUID", "Tags",
}  # fmt: skip


@dataclass
class Mapping:
    """One event source mapping; `state` is Enabled or Disabled."""

    uuid: str
    source: str
    function: str
    region: str
    batch_size: int
    window_s: int
    start: str | None
    state: str
    changed: float = field(default_factory=time.time)
    tags: dict[str, str] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        found = {
            "UUID": self.uuid, "EventSourceArn": self.source, "FunctionArn": self.function, "State": self.state,
            "StateTransitionReason": "User action", "BatchSize": self.batch_size, "LastModified": self.changed,
            "MaximumBatchingWindowInSeconds": self.window_s, "LastProcessingResult": "OK", "FunctionResponseTypes": [],
            "EventSourceMappingArn": f"arn:aws:lambda:{self.region}:{ACCOUNT}:event-source-mapping:{self.uuid}",
        }  # fmt: skip
        return found | ({"StartingPosition": self.start} if self.start else {})


class Mappings:
    """All of the account. `on_change` is told after each change. Callers hold the endpoint's lock."""

    def __init__(self, functions: Functions, *, may_read: Callable[[str, str], str | None], twins: bool) -> None:
        self._functions = functions
        self._may_read = may_read  # role's ARN, source's ARN → why not
        self._twins = twins
        self._all: dict[str, Mapping] = {}
        self.on_change: Callable[[], None] = lambda: None

    def all(self) -> list[Mapping]:
        return list(self._all.values())

    def handle(self, request: ApiRequest, environ: dict[str, Any], start: Start) -> list[bytes] | None:
        """None leaves the request to moto."""
        answers = {
            "CreateEventSourceMapping": self._create,
            "GetEventSourceMapping": self._get,
            "ListEventSourceMappings": self._list,
            "UpdateEventSourceMapping": self._update,
            "DeleteEventSourceMapping": self._delete,
        }
        found = answers.get(request.operation)
        if found is None:
            return None
        try:
            return found(request, start)
        except _Refused as refused:
            return answer_error(start, "rest-json", status=refused.status, code=refused.code, message=str(refused))

    def _create(self, request: ApiRequest, start: Start) -> list[bytes]:
        given = request.parameters
        _require_known(given)
        source = str(given.get("EventSourceArn"))
        region, name = region_and_name(str(given.get("FunctionName")), request.region)
        try:
            role = self._functions.role_of(name, region)
        except NoFunction as error:
            raise _Refused(str(error), code="ResourceNotFoundException", status=404) from error
        function = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"
        self._require_no_twin(source, function)
        if why := self._may_read(role, source):
            raise _Refused(why)
        made = Mapping(
            uuid=str(uuid.uuid4()),
            source=source,
            function=function,
            region=region,
            batch_size=int(given.get("BatchSize") or (10 if ":sqs:" in source else 100)),
            window_s=int(given.get("MaximumBatchingWindowInSeconds") or 0),
            start=given.get("StartingPosition"),
            state="Disabled" if given.get("Enabled") is False else "Enabled",
            tags=dict(given.get("Tags") or {}),
        )
        self._all[made.uuid] = made
        self.on_change()
        return answer_json(start, 202, made.told() | {"State": "Creating"})

    def _require_no_twin(self, source: str, function: str) -> None:
        twin = next((each for each in self._all.values() if (each.source, each.function) == (source, function)), None)
        if twin is None or self._twins:
            return
        name = function.rpartition(":")[2]
        raise _Refused(
            f'An event source mapping with event source arn (" {source} ") and function (" {name} ") already exists. '
            f"Please update or delete the existing mapping with UUID {twin.uuid}",
            code="ResourceConflictException",
            status=409,
        )

    def _get(self, request: ApiRequest, start: Start) -> list[bytes]:
        return answer_json(start, 200, self._found(request).told())

    def _list(self, request: ApiRequest, start: Start) -> list[bytes]:
        source = request.query.get("EventSourceArn")
        name = request.query.get("FunctionName")
        wanted = region_and_name(name, request.region)[1] if name else None
        found = [
            each.told()
            for each in self._all.values()
            if each.region == request.region
            and source in (None, each.source)
            and wanted in (None, each.function.rpartition(":")[2])
        ]
        return answer_json(start, 200, {"EventSourceMappings": found})

    def _update(self, request: ApiRequest, start: Start) -> list[bytes]:
        given = request.parameters
        _require_known(given)
        mapping = self._found(request)
        mapping.batch_size = int(given.get("BatchSize") or mapping.batch_size)
        mapping.window_s = int(given.get("MaximumBatchingWindowInSeconds", mapping.window_s))
        if "Enabled" in given:
            mapping.state = "Enabled" if given["Enabled"] else "Disabled"
        if given.get("FunctionName"):
            region, name = region_and_name(str(given["FunctionName"]), request.region)
            mapping.function = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"
        mapping.changed = time.time()
        self.on_change()
        return answer_json(start, 202, mapping.told())

    def _delete(self, request: ApiRequest, start: Start) -> list[bytes]:
        gone = self._found(request)
        del self._all[gone.uuid]
        self.on_change()
        return answer_json(start, 202, gone.told() | {"State": "Deleting"})

    def _found(self, request: ApiRequest) -> Mapping:
        found = self._all.get(str(request.parameters.get("UUID")))
        if found is None or found.region != request.region:
            raise _Refused("The resource you requested does not exist.", code="ResourceNotFoundException", status=404)
        return found


class _Refused(Exception):
    def __init__(self, message: str, *, code: str = "InvalidParameterValueException", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def _require_known(given: Any) -> None:
    unknown = sorted(name for name in given if name not in KNOWN and given[name] not in (None, [], {}))
    if unknown:
        words = f"the emulated account does not know {', '.join(unknown)} of an event source mapping"
        raise _Refused(words, code="NotImplemented", status=501)


class Invoke:
    """The Invoke API. It waits for the function, so it runs without the lock."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def handle(self, request: ApiRequest, environ: dict[str, Any], start: Start) -> list[bytes] | None:
        if request.operation != "Invoke":
            return None
        name = str(request.parameters["FunctionName"])
        body = environ["wsgi.input"].read()
        try:
            event = json.loads(body or b"{}")
        except ValueError as error:
            message = f"Could not parse request body into json: {error}"
            return answer_error(start, "rest-json", status=400, code="InvalidRequestContentException", message=message)
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        try:
            return self._invoke(kind, name, event, request, start)
        except NoFunction as error:
            return answer_error(start, "rest-json", status=404, code="ResourceNotFoundException", message=str(error))

    def _invoke(self, kind: str, name: str, event: Any, request: ApiRequest, start: Start) -> list[bytes]:
        if kind == "DryRun" or kind == "Event":
            self._functions.role_of(name, request.region)
        if kind == "DryRun":
            return answer(start, 204)
        if kind == "Event":
            invoke_later(self._functions, name, event, region=request.region)
            return answer(start, 202)
        done = self._functions.invoke(name, event, region=request.region)
        headers = {"X-Amz-Executed-Version": "$LATEST"}
        if done.outcome.failed:
            headers["X-Amz-Function-Error"] = "Unhandled"
        if request.headers.get("x-amz-log-type") == "Tail":
            headers["X-Amz-Log-Result"] = done.log_tail
        return answer(start, 200, done.outcome.body, **headers)


def invoke_later(functions: Functions, name: str, event: Any, *, region: str) -> None:
    """An event that nobody waits for: on a thread of its own, up to three times."""

    def run() -> None:
        for attempt in range(ASYNC_TRIES):
            try:
                if not functions.invoke(name, event, region=region).outcome.failed:
                    return
            except NoFunction:
                return
            if attempt + 1 < ASYNC_TRIES:
                time.sleep(ASYNC_PAUSE_S)
        log.warning("an asynchronous event of %s failed %d times", name, ASYNC_TRIES)

    threading.Thread(target=run, name=f"async-{name}", daemon=True).start()
