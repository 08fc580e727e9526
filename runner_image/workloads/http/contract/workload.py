"""The shape of one HTTP workload: a request, its right answer, a second request, and requests that must be refused."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

Pairs = tuple[tuple[str, str], ...]

JSON: Pairs = (("Content-Type", "application/json"),)
FORM: Pairs = (("Content-Type", "application/x-www-form-urlencoded"),)


@dataclass(frozen=True)
class Exchange:
    """One request and its right answer. `answer`: the JSON value of the body; `path` is not yet percent-encoded.

    `why` names what is wrong with a request that must be refused. `answer_headers`: beside Content-Type, exact values.
    `any_answer`: the body is not compared. `answer_text`: the body as a text, which need not be JSON.
    """

    method: str
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes = b""
    status: int = 200
    answer: Any = field(default=None, hash=False)
    answer_headers: Pairs = ()
    any_answer: bool = False
    answer_text: str | None = None
    why: str = ""

    @property
    def target(self) -> str:
        """Path and query as they go over the wire."""
        path = quote(self.path, safe="/-._~:")
        return f"{path}?{urlencode(self.query)}" if self.query else path

    def below(self, prefix: str) -> "Exchange":
        """The same at another place."""
        return replace(self, path=prefix + self.path)

    def refusal(self) -> "Exchange":
        """What a validated twin answers to it: 400 and a document of the framework's own."""
        return replace(self, status=400, answer=None, any_answer=True)


@dataclass(frozen=True)
class HttpWorkload:
    """One workload. `exchange` is the request of the load; `others` show that answers are made, not canned.

    `declared_bytes`: length of the body, of a multipart body its files'; None where there is none. `body_sha256` is
    recorded in results. `refused`: requests that a validated twin answers with 400.
    """

    name: str
    suite: str
    exchange: Exchange
    validated: bool = False
    declared_bytes: int | None = None
    others: tuple[Exchange, ...] = ()
    refused: tuple[Exchange, ...] = ()

    @property
    def method(self) -> str:
        return self.exchange.method

    @property
    def path(self) -> str:
        return self.exchange.path

    @property
    def query(self) -> Pairs:
        return self.exchange.query

    @property
    def headers(self) -> Pairs:
        return self.exchange.headers

    @property
    def body(self) -> bytes:
        return self.exchange.body

    @property
    def target(self) -> str:
        """Path and query as they go over the wire: what a load tool is given."""
        return self.exchange.target

    @property
    def expected_status(self) -> int:
        return self.exchange.status

    @property
    def body_sha256(self) -> str | None:
        return hashlib.sha256(self.body).hexdigest() if self.body else None
