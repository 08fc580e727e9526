"""One API, one key, one runtime: what every flow gets."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx
from benchfleet_contract.addresses import address_problem
from benchfleet_contract.names import CORRELATION_HEADER
from benchfleet_contract.problems import CODES_HEADER

from benchfleet.api.calls import Call
from benchfleet.api.runtime import Entropy, Runtime
from benchfleet.exceptions import UsageError
from benchfleet.version import __version__

TIMEOUT_S = 30.0  # for each read or write of a connection: an API Gateway gives up after 29 s
CONNECT_TIMEOUT_S = 10.0
USER_AGENT = f"benchfleet/{__version__}"


@dataclass(frozen=True)
class Session:
    """`base_url` is checked by `read_base_url`, `key` by `read_key`. The key goes to the API only, never to storage.

    `correlation_id` goes with each request: the control plane's log lines have it.
    """

    base_url: httpx.URL
    runtime: Runtime
    entropy: Entropy
    key: str | None = field(default=None, repr=False)
    repeats: bool = True
    correlation_id: str = field(default_factory=lambda: secrets.token_hex(8))

    def request(self, call: Call) -> httpx.Request:
        """The request that `call` means, with the key. Raises UsageError for a body that is not JSON."""
        url = self.base_url.copy_with(raw_path=self.base_url.raw_path.rstrip(b"/") + call.path.encode())
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", CODES_HEADER: "1"}
        headers[CORRELATION_HEADER] = self.correlation_id
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        patience = {"timeout": timeout(call.timeout_s).as_dict()}
        query = call.query or None
        try:
            return httpx.Request(call.method, url, params=query, json=call.body, headers=headers, extensions=patience)
        except (TypeError, ValueError) as error:
            raise UsageError(f"the body of {call.method} {call.path} cannot be written as JSON: {error}") from error


def timeout(longest_s: float = TIMEOUT_S) -> httpx.Timeout:
    return httpx.Timeout(longest_s, connect=min(longest_s, CONNECT_TIMEOUT_S))


def read_base_url(text: str) -> httpx.URL:
    """Raises UsageError for anything but `http(s)://host[:port][/path]`."""
    try:
        url = httpx.URL(text)
        url.host  # noqa: B018 - it is decoded here, and may be no name
    except (httpx.InvalidURL, TypeError, UnicodeError) as error:
        raise UsageError(f"the API's URL cannot be read: {error}") from error
    if url.userinfo:
        raise UsageError("the API's URL must not hold a name or password: pass the key as `key`")
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise UsageError(f"the API's URL must look like https://api.example.com/prod, not {text!r}")
    if url.port is not None and not 0 < url.port < 65_536:
        raise UsageError(f"the API's URL has an invalid port: {url.port}")
    if problem := address_problem(text):
        raise UsageError(f"the API's URL {problem}")
    return url


def read_key(key: str | None) -> str | None:
    """Raises UsageError, without the key in it, for one that no header can carry."""
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise UsageError("the API key holds a space, a line break or another character that no key has")
    return key or None


def shown(url: Any) -> str:
    """A URL for people and logs: without its query, which may be a signature."""
    return str(httpx.URL(url).copy_with(query=None, fragment=None))
