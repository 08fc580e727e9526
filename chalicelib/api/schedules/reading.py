"""Reads the body of `POST /schedules/{name}/run-now`."""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.errors import BadRequest

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def read_token(body: Mapping[str, Any]) -> str | None:
    """Raises BadRequest."""
    token = body.get("token")
    if token is None or (isinstance(token, str) and _TOKEN.fullmatch(token)):
        return token
    words = "token must be 1 to 64 letters, digits, dashes and underscores"
    raise BadRequest(words, code="invalid_parameter")
