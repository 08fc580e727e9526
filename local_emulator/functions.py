"""The Lambda functions of the Chalice app: found by name or ARN, called with an event."""

import importlib
import logging
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from chalice.app import Chalice, DynamoDBEventConfig, ScheduledEventConfig, SQSEventConfig
from chalice.local import LambdaContext

from local_emulator.config import ACCOUNT, REGION

MEMORY_MB, TIMEOUT_S = 512, 900
# Modules that keep clients and settings of the process's environment: each emulator needs fresh ones.
_BOUND = (
    "app",
    "chalicelib.wiring",
    "chalicelib.handlers",
    "chalicelib.api",
    "aws_lambda_powertools.utilities.parameters",
)


class Functions:
    """Calls handlers as Lambda does: an event, a context, an exception means failure."""

    def __init__(self, app: Chalice) -> None:
        self._app = app
        for handler in app.log.handlers:  # Chalice logs to stdout, which here belongs to the emulator's own words
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout:
                handler.setStream(sys.stderr)

    def schedules(self) -> list[tuple[str, str]]:
        """(function name, schedule expression) of each `@app.schedule`."""
        return [(source.name, _expression(source)) for source in self._sources(ScheduledEventConfig)]

    def queues(self) -> list[tuple[str, str, int]]:
        """(function name, queue name, batch size) of each `@app.on_sqs_message`."""
        found = self._sources(SQSEventConfig)
        return [(s.name, s.queue or s.queue_arn.rpartition(":")[2], s.batch_size) for s in found]

    def streams(self) -> list[tuple[str, int]]:
        """(function name, batch size) of each `@app.on_dynamodb_record`."""
        return [(source.name, source.batch_size) for source in self._sources(DynamoDBEventConfig)]

    def named_by(self, arn: str) -> str:
        """The handler that a function's ARN means: Chalice names functions `<app>-<stage>-<handler>`.

        Raises LookupError if there is none.
        """
        name = arn.split(":function:")[-1].split(":")[0]
        for handler in sorted(self._app.handler_map, key=len, reverse=True):
            if name == handler or name.endswith(f"-{handler}"):
                return str(handler)
        raise LookupError(f"no function of the app is meant by {arn}")

    def call(self, name: str, event: Any) -> Any:
        """What the handler returns. Raises what it raises, and LookupError for an unknown name."""
        context = LambdaContext(name, memory_size=MEMORY_MB, max_runtime_ms=TIMEOUT_S * 1000)
        context.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        return self._handler(name)(event, context)

    def _handler(self, name: str) -> Callable[[Any, Any], Any]:
        if name not in self._app.handler_map:
            raise LookupError(f"the app has no function {name}")
        return self._app.handler_map[name]

    def _sources(self, kind: type) -> list[Any]:
        return [source for source in self._app.event_sources if isinstance(source, kind)]


def scheduled_event(rule: str, *, at: str) -> dict[str, Any]:
    """What EventBridge sends to the target of a schedule rule; `at` is ISO 8601, UTC."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": at,
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}"],
        "detail": {},
    }


@contextmanager
def fresh_app() -> Iterator[Chalice]:
    """`app.app`, imported anew under the present environment; the modules of before come back at the end."""
    before = _take_bound_modules()
    try:
        yield importlib.import_module("app").app
    finally:
        _take_bound_modules()
        for name, module in before.items():
            sys.modules[name] = module
            _set_on_parent(name, module)


def _take_bound_modules() -> dict[str, Any]:
    names = [name for name in sys.modules if name in _BOUND or name.startswith(tuple(f"{b}." for b in _BOUND))]
    for name in names:
        _set_on_parent(name, None)
    return {name: sys.modules.pop(name) for name in names}


def _set_on_parent(name: str, module: Any) -> None:
    """`from package import module` asks the package first, so that has to know, too. None forgets the module."""
    parent, _, child = name.rpartition(".")
    if module is not None and parent in sys.modules:
        setattr(sys.modules[parent], child, module)
    elif parent in sys.modules and hasattr(sys.modules[parent], child):
        delattr(sys.modules[parent], child)


def _expression(source: Any) -> str:
    expression = source.schedule_expression
    return expression if isinstance(expression, str) else str(expression.to_string())
