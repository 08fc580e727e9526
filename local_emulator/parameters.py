"""The part of SSM Parameter Store that the app uses, as a WSGI app.

Not moto's: importing its SSM drags all of EC2 in and costs twice what everything else of the emulator costs together.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from local_emulator.signed_headers import region_of

Reply = tuple[str, dict[str, Any]]  # HTTP status line, JSON body


class ParameterStore:
    """Parameters of one region by name: GetParameter, GetParameters, PutParameter and DeleteParameter.

    Not thread-safe by itself: the emulator's one lock is around it as around moto. `computed` are parameters whose value
    is made when it is asked for, and which nobody keeps. `public(name, region)` knows those that AWS itself has.
    """

    def __init__(self, *, region: str, account: str) -> None:
        self._arn = f"arn:aws:ssm:{region}:{account}:parameter/"
        self.computed: dict[str, Callable[[], str]] = {}
        self.public: Callable[[str, str], str | None] = lambda name, region: None
        self._own_region = self._region = region
        self._parameters: dict[str, dict[str, Any]] = {}
        self._operations: dict[str, Callable[[dict[str, Any]], Reply]] = {
            "GetParameter": self._get,
            "GetParameters": self._get_many,
            "PutParameter": self._put,
            "DeleteParameter": self._delete,
        }

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        answer = self._operations.get(operation)
        self._region = region_of(environ, otherwise=self._own_region)
        if answer is None:
            status, reply = _error("UnknownOperationException", f"the emulator's SSM does not know {operation}")
        else:
            status, reply = _answered(answer, environ["wsgi.input"].read())
        start_response(status, [("Content-Type", "application/x-amz-json-1.1")])
        return [json.dumps(reply).encode()]

    def _get(self, wanted: dict[str, Any]) -> Reply:
        found = self._find(wanted["Name"])
        return ("200 OK", {"Parameter": found}) if found else _error("ParameterNotFound", wanted["Name"])

    def _get_many(self, wanted: dict[str, Any]) -> Reply:
        names: list[str] = wanted["Names"]
        found = {name: self._find(name) for name in names}
        invalid = [name for name in names if not found[name]]
        return "200 OK", {"Parameters": [each for each in found.values() if each], "InvalidParameters": invalid}

    def _find(self, name: str) -> dict[str, Any] | None:
        if name in self.computed:
            return self._parameter(name, self.computed[name](), kind="String", version=1)
        if name not in self._parameters and (value := self.public(name, self._region)):
            return self._parameter(name, value, kind="String", version=1)
        return self._parameters.get(name)

    def _put(self, given: dict[str, Any]) -> Reply:
        name = given["Name"]
        old = self._parameters.get(name)
        if old and not given.get("Overwrite"):
            return _error("ParameterAlreadyExists", f"{name} exists; pass Overwrite to replace it")
        version = old["Version"] + 1 if old else 1
        self.put(name, given["Value"], kind=given.get("Type", "String"), version=version)
        return "200 OK", {"Version": version, "Tier": "Standard"}

    def put(self, name: str, value: str, *, kind: str = "SecureString", version: int = 1) -> None:
        self._parameters[name] = self._parameter(name, value, kind=kind, version=version)

    def _parameter(self, name: str, value: str, *, kind: str, version: int) -> dict[str, Any]:
        return {
            "Name": name,
            "Type": kind,
            "Value": value,
            "Version": version,
            "LastModifiedDate": datetime.now(UTC).timestamp(),
            "ARN": self._arn + name.lstrip("/"),
            "DataType": "text",
        }

    def values(self) -> dict[str, str]:
        """Name → value, for a snapshot."""
        return {name: parameter["Value"] for name, parameter in self._parameters.items()}

    def _delete(self, wanted: dict[str, Any]) -> Reply:
        gone = self._parameters.pop(wanted["Name"], None)
        return ("200 OK", {}) if gone else _error("ParameterNotFound", wanted["Name"])


def _answered(answer: Callable[[dict[str, Any]], Reply], body: bytes) -> Reply:
    try:
        return answer(json.loads(body or b"{}"))
    except (ValueError, RecursionError):
        return _error("SerializationException", "the body is not JSON")
    except (KeyError, TypeError, AttributeError) as error:
        return _error("ValidationException", f"the body is not what this operation takes: {error}")


def _error(code: str, message: str) -> Reply:
    return "400 Bad Request", {"__type": code, "message": message}
