"""What no protocol allows and some server sends all the same: one shard, a test for each, none costs another its outcome."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from benchfleet_contract.fleets.outcomes import Outcome, best, read_journal
from benchfleet_contract.fleets.plan import Load

from tests.integration.fleet_shards import PRICE, FakeControlPlane, executed, shard
from tests.providers import Behaviour, Providers, Rule, serving

KEY = "sk-loopback-secret"
TEXT = {"choices": [{"delta": {"content": "a\u2028b\u0085c"}}]}
OPEN = {"choices": [{"delta": {"content": "he"}}], "created": 1_764_000_000}
REST = {"choices": [{"delta": {"content": "llo"}}]}
END = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}


def head(status: str = "200 OK", content_type: str = "text/event-stream", **headers: str) -> bytes:
    fields = {"Content-Type": content_type, "Connection": "close", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def sse(*documents: Any, end: str = "\n\n", done: bool = True) -> bytes:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in documents]
    return "".join(f"data: {text}{end}" for text in [*texts, *(["[DONE]"] if done else [])]).encode()


def used(**changes: Any) -> dict[str, Any]:
    return {"choices": [], "usage": {**USAGE, **changes}}


def whole(*more: Any, **how: Any) -> bytes:
    return sse(OPEN, REST, END, *more, **how)


def pieces(content: bytes) -> tuple[bytes, ...]:
    return (*(b"1\r\n%c\r\n" % byte for byte in content), b"0\r\n\r\n")


def spoken(*texts: Any) -> bytes:
    return sse(*({"choices": [{"delta": {"content": text}}]} for text in texts), END)


def json_error(code: Any, message: str = "no luck") -> bytes:
    return json.dumps({"error": {"message": message, "code": code}}).encode()


@dataclass(frozen=True)
class Odd:
    """What is sent, and what must come of it: the error's kind or none, the tries, the answer's text, its tokens."""

    raw: tuple[bytes, ...]
    kind: str | None = None
    tries: int = 1
    text: str = "hello"
    tokens: tuple[int, int] | None = None
    hang: bool = False
    says: str = ""


CHUNKED = head(Transfer_Encoding="chunked")
PLAIN = {"status": "429 X", "content_type": "application/json", "Content_Length": "2"}
YEAR = "31536000"
ODDITIES = {
    "headers and no body": Odd((head(),), "cut", 2),
    "headers and a body that was promised": Odd((head(Content_Length="999"),), "network", 2),
    "no response at all": Odd((), "network", 2),
    "no HTTP": Odd((b"SSH-2.0-OpenSSH_9.2\r\n",), "network", 2),
    "204": Odd((head("204 No Content"),), "invalid_request", says="204"),
    "200 and an error of JSON": Odd((head(content_type="application/json"), json_error(None)), "server", 2, says="no luck"),
    "200 and a limit of JSON": Odd((head(content_type="application/json"), json_error(429)), "rate_limited", 2),
    "200 and a refused key": Odd((head(content_type="application/json"), json_error("invalid_api_key")), "authentication"),
    "200 and a page": Odd((head(content_type="text/html"), b"<h1>Login</h1>"), "malformed", says="<h1>Login"),
    "200 and no stream": Odd((head(content_type="application/json"), b'{"choices": []}'), "malformed"),
    "200 and JSON without end": Odd((head(content_type="application/json"), b"[" * 60_000), "malformed"),
    "an error by its event's name": Odd((head(), b'event: error\ndata: {"message": "gone", "code": 503}\n\n'), "server", 2),
    "a prompt too long, in the stream": Odd((head(), sse(json.loads(json_error("context_length_exceeded")))), "context_length"),
    "529": Odd((head("529 X", Content_Length="0"),), "server", 2),
    "503 without a word": Odd((head("503 X", Content_Length="0"),), "server", 2),
    "a wait of a year": Odd((head(**PLAIN, Retry_After=YEAR), b"{}"), "rate_limited", says=f"{YEAR} s"),
    "a wait until a far date": Odd((head(**PLAIN, Retry_After="Fri, 31 Dec 2999 23:59:59 GMT"), b"{}"), "rate_limited"),
    "a wait that is past": Odd((head(**PLAIN, Retry_After="Sun, 06 Nov 1994 08:49:37 GMT"), b"{}"), "rate_limited", 2),
    "a wait below nothing": Odd((head(**PLAIN, retry_after_ms="-5"), b"{}"), "rate_limited", 2),
    "a wait without end": Odd((head(**PLAIN, Retry_After="9" * 400 + "s"), b"{}"), "rate_limited"),
    "a wait that is none": Odd((head(**PLAIN, Retry_After="1e999"), b"{}"), "rate_limited", 2),
    "an error that shows the key": Odd((head("500 X"), json_error(None, f"bad {KEY} here")), "server", 2, says="[key]"),
    "a gzip that was not asked for": Odd((head(Content_Encoding="gzip"), gzip.compress(whole())), None),
    "a gzip that is none": Odd((head(Content_Encoding="gzip"), whole()), "malformed"),
    "CRLF": Odd((head(), whole(end="\r\n\r\n")), None),
    "CR": Odd((head(), whole(end="\r\r")), None),
    "a byte order mark": Odd((head(), b"\xef\xbb\xbf" + whole()), None),
    "comments and unknown fields": Odd((head(), b": ping\n\nid: 7\nretry: 5\nfoo: bar\n\n" + whole()), None),
    "another charset": Odd((head(content_type="Text/Event-Stream; charset=utf-16"), whole()), None),
    "line separators in the text": Odd((head(), sse(json.dumps(TEXT, ensure_ascii=False), END)), None, text="a\u2028b\u0085c"),
    "bytes that are no UTF-8": Odd((head(), spoken("a?b").replace(b"?", b"\xff")), None, text="a\ufffdb"),
    "a character in two halves": Odd((head(), spoken("\ud83d", "\ude42")), None, text="\U0001f642"),
    "half a character": Odd((head(), spoken("a\ud83d")), None, text="a\ufffd"),
    "a null character": Odd((head(), spoken("a\0b")), None, text="a\0b"),
    "text in parts": Odd((head(), spoken([{"type": "text", "text": "hi"}])), None, text="hi"),
    "text that is a number": Odd((head(), spoken(5)), "malformed"),
    "a chunk that is a list": Odd((head(), sse([1], END)), "malformed"),
    "a chunk without end": Odd((head(), sse("[" * 100_000)), "malformed"),
    "[DONE] twice": Odd((head(), whole("[DONE]")), None),
    "text after [DONE]": Odd((head(), whole("[DONE]", REST)), None),
    "no [DONE]": Odd((head(), whole(used(), done=False)), None, tokens=(7, 2)),
    "[DONE] without a reason": Odd((head(), sse(OPEN, REST)), None),
    "neither [DONE] nor a reason": Odd((head(), sse(OPEN, REST, done=False)), "cut"),
    "[DONE] and no end": Odd((CHUNKED, b"%x\r\n%s\r\n" % (len(whole()), whole())), None, hang=True),
    "whole, then cut": Odd((CHUNKED, b"%x\r\n%s\r\n" % (len(whole()), whole())), None),
    "chunks of one byte": Odd((CHUNKED, *pieces(whole(used()))), None, tokens=(7, 2)),
    "a chunk's length that is none": Odd((CHUNKED, b"zz\r\n"), "network", 2),
    "no usage": Odd((head(), whole()), None, tokens=None),
    "usage of null": Odd((head(), whole({"choices": [], "usage": None})), None),
    "usage that is no object": Odd((head(), whole({"choices": [], "usage": "n/a"})), None),
    "usage that does not add up": Odd((head(), whole(used(total_tokens=5))), None, tokens=(7, 2)),
    "usage of zeros": Odd((head(), whole(used(prompt_tokens=0, completion_tokens=0))), None),
    "usage below zero": Odd((head(), whole(used(completion_tokens=-2))), None),
    "usage of NaN": Odd((head(), whole(used(completion_tokens=float("nan")))), None),
    "usage without end": Odd((head(), whole(used(prompt_tokens=float("inf")))), None),
    "usage of 10^30": Odd((head(), whole(used(completion_tokens=10**30))), None),
    "usage of 7.0": Odd((head(), whole(used(prompt_tokens=7.0))), None, tokens=(7, 2)),
    "more cached than asked": Odd((head(), whole(used(prompt_tokens_details={"cached_tokens": 99}))), None, tokens=(7, 2)),
    "a moment that is none": Odd((head(), sse({**OPEN, "created": float("nan"), "id": 5, "model": ["m"]}, REST, END)), None),
    "a moment of text": Odd((head(), sse({**OPEN, "created": "2026-01-01"}, REST, END)), None),
    "a reason that nobody knows": Odd((head(), sse(OPEN, REST, {"choices": [{"delta": {}, "finish_reason": "vibes"}]})), None),
    "a thousand headers": Odd((head(**{f"X_{number}": "y" * 200 for number in range(1000)}), whole()), "network", 2),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All of them in one shard, with answers saved and prices known; after them a test that is like any other."""
    folder, names = tmp_path_factory.mktemp("odd"), list(ODDITIES)
    rules = [Rule(Behaviour(raw=odd.raw, hang=odd.hang), prompt=f"<{name}>") for name, odd in ODDITIES.items()]
    with serving(Providers(rules=rules)) as providers:
        settings = {"api_key_env": "K", "price": PRICE}
        prompts = [f"<{name}>" for name in names] + ["plain"]
        work = shard(providers.url, prompts, provider=settings, load=Load(concurrency=8), max_retries=1, timeout_s=3.0)
        control = FakeControlPlane(work)
        executed(control, folder, environment={"K": f"{KEY}\n"})
    lines = read_journal((folder / "journal.jsonl").read_text())
    assert len(lines) == len(prompts) == len(control.kept)
    assert not any(KEY in path.read_text() for path in folder.rglob("*") if path.is_file())
    return dict(
        zip([*names, "plain"], (best(lines)[f"t{number}"] for number in range(1, len(prompts) + 1)), strict=True)
    )


@pytest.mark.parametrize("name", ODDITIES)
def test_an_oddity_has_its_own_outcome(found: dict[str, Outcome], name: str) -> None:
    odd, one = ODDITIES[name], found[name]
    assert (one.error.kind if one.error else None, one.tries) == (odd.kind, odd.tries), one.error
    assert odd.says in (one.error.message if one.error else "")
    if odd.kind is None:
        assert (one.status, one.response.content if one.response else None) == ("success", odd.text)
        assert one.ttft_ms is not None
        tokens = one.response and (one.response.usage.prompt_tokens, one.response.usage.completion_tokens)
        assert (tokens if one.usage_source else None) == odd.tokens
        assert (one.cost_usd is None) == (odd.tokens is None)


def test_the_tests_beside_them_are_unharmed(found: dict[str, Outcome]) -> None:
    assert found["plain"].status == "success"


def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else(tmp_path: Path) -> None:
    with serving() as other:
        away = head("307 X", Location=f"{other.url}/v1/chat/completions", Content_Length="0")
        with serving(Providers(rules=[Rule(Behaviour(raw=(away,)))])) as providers:
            control = FakeControlPlane(shard(providers.url, ["a"], provider={"api_key_env": "K"}))
            executed(control, tmp_path, environment={"K": KEY})
            assert len(providers.asked) == 1
        assert other.asked == []
    (one,) = control.kept
    assert one.error is not None
    assert (one.error.kind, one.error.http_status) == ("invalid_request", 307)
    assert other.url.removeprefix("http://") in one.error.message


def test_a_key_that_no_header_can_have_is_named_and_not_shown(tmp_path: Path) -> None:
    with serving() as providers:
        control = FakeControlPlane(shard(providers.url, ["a"], provider={"api_key_env": "K"}))
        executed(control, tmp_path, environment={"K": "sk-gehe\u00efm-\u4e2d"})
        assert providers.asked == []
    (one,) = control.kept
    assert one.error is not None
    assert (one.error.kind, "sk-gehe" in one.error.message) == ("invalid_request", False)
