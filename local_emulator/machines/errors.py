"""Errors in the words and the shapes of EC2 (XML) and of services that speak JSON (ECS)."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape


class AwsError(Exception):
    """`code` and `message` are AWS's own; `status` is HTTP's. `more` are further members of a JSON error."""

    def __init__(self, code: str, message: str, *, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.more = code, message, status, more

    def answer_xml(self, start_response: Callable[..., Any]) -> list[bytes]:
        error = f"<Error><Code>{self.code}</Code><Message>{escape(self.message)}</Message></Error>"
        body = f"<Response><Errors>{error}</Errors><RequestID>{uuid4()}</RequestID></Response>"
        start_response(self._line(), [("Content-Type", "text/xml;charset=UTF-8")])
        return [b'<?xml version="1.0" encoding="UTF-8"?>\n', body.encode()]

    def answer_json(self, start_response: Callable[..., Any]) -> list[bytes]:
        start_response(self._line(), [("Content-Type", "application/x-amz-json-1.1")])
        return [json.dumps({"__type": self.code, "message": self.message, **self.more}).encode()]

    def _line(self) -> str:
        return f"{self.status} {HTTPStatus(self.status).phrase}"
