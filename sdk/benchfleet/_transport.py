"""One request to the API: what is repeated, for how long, and which of our errors an answer becomes.

Only this file and `client.py` know httpx.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from benchfleet.exceptions import ApiError, AuthError, InvalidRequest, Unreachable

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0)  # before each repeat: about eight seconds of patience in all
LONGEST_PAUSE_S = 30.0  # whatever Retry-After says
_BUSY = frozenset({429, 502, 503, 504})
_INVALID = frozenset({400, 409, 413, 415, 422})


class Transport:
    """`sleep` takes seconds. Close it, or use it as a context manager."""

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=TIMEOUT, transport=transport)
        self._sleep = sleep

    def close(self) -> None:
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Any:
        """The answer's JSON. `repeatable` says that the server takes the same request twice without harm.

        Raises Unreachable, AuthError, InvalidRequest or ApiError.
        """
        request = self._http.build_request(method, path, json=body, params=query)
        response = self._with_retries(request, pauses=PAUSES_S if repeatable else ())
        if response.is_success:
            return _json(response)
        raise _refusal(response)

    def _with_retries(self, request: httpx.Request, *, pauses: tuple[float, ...]) -> httpx.Response:
        for pause in pauses:
            try:
                response = self._http.send(request)
            except httpx.TransportError:
                self._sleep(pause)
                continue
            if response.status_code not in _BUSY:
                return response
            self._sleep(_asked_pause(response) or pause)
        try:
            return self._http.send(request)
        except httpx.TransportError as error:
            raise Unreachable(f"no answer from {request.url.copy_with(query=None)}: {error}") from error


def _asked_pause(response: httpx.Response) -> float | None:
    """Retry-After in seconds, bounded; its other form, a date, is not used by this API."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_PAUSE_S) if asked.isdecimal() else None


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise ApiError("the API's answer is not JSON", status=response.status_code) from error


def _refusal(response: httpx.Response) -> ApiError:
    """Keeps the server's words; without any, says the status."""
    try:
        document = response.json()
    except ValueError:
        document = None
    document = document if isinstance(document, dict) else {}
    said = document.get("error") or document.get("Message") or f"HTTP {response.status_code}"
    words = "; ".join(map(str, said)) if isinstance(said, list) else str(said)
    return _error_class(response.status_code)(
        words, status=response.status_code, code=str(document.get("code") or "")
    )  # fmt: skip


def _error_class(status: int) -> type[ApiError]:
    if status in (401, 403):
        return AuthError
    return InvalidRequest if status in _INVALID else ApiError
