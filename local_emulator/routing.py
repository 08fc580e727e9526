"""Answers for what is no route: 404 in the API's own shape, before Chalice or API Gateway's words are asked for.

API Gateway says 403 and repeats the Authorization header; Chalice says 405 for a verb, and 200 for any OPTIONS.
"""

import json
from typing import Any

from chalice.app import Chalice
from chalice.local import RouteMatcher

CODE = "no_such_route"
_SHOWN_CHARS = 200


class Routes:
    def __init__(self, app: Chalice) -> None:
        self._app = app
        self._matcher = RouteMatcher(list(app.routes))

    def refusal(self, method: str, uri: str) -> dict[str, Any] | None:
        """The answer to a request that no route takes; None where one does."""
        try:
            route = self._matcher.match_route(uri).route
        except ValueError:
            return _not_found(method, uri)
        return None if method in self._app.routes[route] else _not_found(method, uri)


def _not_found(method: str, uri: str) -> dict[str, Any]:
    path = uri.partition("?")[0][:_SHOWN_CHARS]
    document = {"error": f"No such route: {method} {path}", "code": CODE}
    return {
        "statusCode": 404,
        "headers": {"Content-Type": "application/json; charset=utf-8"},
        "body": json.dumps(document),
    }
