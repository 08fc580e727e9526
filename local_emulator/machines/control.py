"""How tests in another process make faults: PUT /_machines/faults, POST /_machines/interrupt/<id>.

Open only where the emulator was told so, and only with its admin key.
"""

import hmac
import json
from collections.abc import Callable
from typing import Any

from local_emulator.machines.faults import FaultPlan
from local_emulator.machines.service import Machines

CONTROL = "_machines"
Reply = tuple[str, dict[str, Any]]


class Control:
    def __init__(self, machines: Machines, *, key: str) -> None:
        self._machines, self._authorization = machines, f"Bearer {key}"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        status, reply = self._answer(environ)
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(reply).encode()]

    def _answer(self, environ: dict[str, Any]) -> Reply:
        given = environ.get("HTTP_AUTHORIZATION", "")
        if not hmac.compare_digest(given.encode(), self._authorization.encode()):
            return "403 Forbidden", {"error": "the emulator's admin key is needed"}
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(f"/{CONTROL}/")
        try:
            if (method, path) == ("PUT", "faults"):
                self._machines.faults.set(_plan(environ["wsgi.input"].read()))
                return "200 OK", {}
            if method == "POST" and path.startswith("interrupt/"):
                self._machines.interrupt(path.removeprefix("interrupt/"))
                return "200 OK", {}
        except ValueError as error:
            return "400 Bad Request", {"error": str(error)}
        except LookupError as error:
            return "404 Not Found", {"error": f"there is no machine {error}"}
        return "404 Not Found", {"error": f"no {method} {path}"}


def _plan(text: bytes) -> FaultPlan:
    """Raises ValueError."""
    from pydantic import TypeAdapter  # late: only tests have faults

    return TypeAdapter(FaultPlan).validate_json(text)
