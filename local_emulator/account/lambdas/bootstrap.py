"""Runs in the function's process: loads the handler, then answers one event after another.

Only the standard library: what else there is comes from the function's package, and boto3, as in AWS's runtime.
Arguments: the file descriptor for results, the package's folder, the runtime's folder, the handler. Events come on stdin, one
JSON object a line; a result is its length in bytes, a newline, and JSON. After each event, a line with MARK on stdout
ends what the function wrote.
"""

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

MARK = "\0end of "


class Context:
    """What AWS hands to a handler: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    function_version = "$LATEST"
    identity = None
    client_context = None

    def __init__(self, asked: dict[str, Any]) -> None:
        self.aws_request_id = asked["request_id"]
        self.invoked_function_arn = asked["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline_ms = asked["deadline_ms"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(self._deadline_ms - time.time() * 1000))


def failure(kind: str, message: str, trace: Iterable[str] = ()) -> dict[str, Any]:
    return {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": list(trace)}


def load(handler: str) -> tuple[Callable[[Any, Context], Any] | None, dict[str, Any] | None]:
    """The handler and None, or None and what went wrong, in AWS's words."""
    name, _, attribute = handler.rpartition(".")
    try:
        module = importlib.import_module(name.replace("/", "."))
    except ImportError as error:
        traceback.print_exc()
        return None, failure("Runtime.ImportModuleError", f"Unable to import module '{name}': {error}")
    except SyntaxError as error:
        return None, failure("Runtime.UserCodeSyntaxError", f"Syntax error in module '{name}': {error}")
    except BaseException as error:
        traceback.print_exc()
        return None, failure(type(error).__name__, str(error), traceback.format_tb(error.__traceback__))
    found = getattr(module, attribute, None)
    if found is None:
        return None, failure("Runtime.HandlerNotFound", f"Handler '{attribute}' missing on module '{name}'")
    return found, None


def call(handler: Callable[[Any, Context], Any], asked: dict[str, Any]) -> tuple[bool, str]:
    """(was it an error, JSON text)"""
    os.environ["_X_AMZN_TRACE_ID"] = asked["trace"]
    try:
        answer = handler(asked["event"], Context(asked))
    except BaseException as error:
        traceback.print_exc()
        told = failure(type(error).__name__, str(error), traceback.format_tb(error.__traceback__)[1:])
        return True, json.dumps(told | {"requestId": asked["request_id"]})
    try:
        return False, json.dumps(answer)
    except (TypeError, ValueError) as error:
        told = failure("Runtime.MarshalError", f"Unable to marshal response: {error}")
        return True, json.dumps(told | {"requestId": asked["request_id"]})


def send(results: BinaryIO, document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    results.write(str(len(body)).encode() + b"\n" + body)
    results.flush()


def main() -> None:
    results = os.fdopen(int(sys.argv[1]), "wb")
    events = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(1, 2)
    sys.path[:0] = [sys.argv[2], *sys.argv[3].split(os.pathsep)]
    os.chdir(sys.argv[2])
    handler, problem = load(sys.argv[4])
    send(results, {"loaded": problem is None, "problem": problem})
    for line in events:
        if handler is None:
            return
        asked = json.loads(line)
        failed, body = call(handler, asked)
        sys.stderr.flush()
        sys.stdout.flush()
        os.write(1, f"{MARK}{asked['request_id']}\n".encode())
        send(results, {"failed": failed, "body": body})


if __name__ == "__main__":
    main()
