"""The gate against small servers that answer rightly, wrongly, by half, with errors, or always the same."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from runner_image.workloads.http.contract.gate import Verdict, verify, verify_all
from runner_image.workloads.http.contract.workloads import workloads
from tests.each_case import each_case

(SMALL,) = workloads("path-int")
(TWIN,) = workloads("validated/path-int")
(JSON_SMALL,) = workloads("json-small")

Answer = tuple[int, dict[str, str], bytes]


def as_json(value: Any, status: int = 200, *, length: str = "") -> Answer:
    headers = {"Content-Type": "application/json"} | ({"Content-Length": length} if length else {})
    return status, headers, json.dumps(value).encode()


def right(path: str) -> Answer:
    """What an app of the contract answers to path-int and its twin."""
    word = path.rsplit("/", 1)[1]
    return as_json({"id": int(word)}) if word.isdigit() else as_json({"detail": "no integer"}, 400)


@contextmanager
def served(answer: Callable[[str], Answer]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def said(answer: Callable[[str], Answer], workload: Any = SMALL) -> Verdict:
    with served(answer) as url:
        return verify(url, workload, timeout_s=2)


def test_right_answers_pass_and_their_body_is_kept() -> None:
    with served(right) as url:
        raw, twin = verify_all(url, (SMALL, TWIN))
    assert (raw.status, twin.status) == ("pass", "pass")
    assert raw.body == b'{"id": 42}'
    assert raw.content_type == "application/json"


@each_case(
    ("answer", "reason"),
    [
        (lambda _: as_json({"id": "42"}), 'body.id: expected 42, got "42"'),
        (lambda _: as_json({"id": True}), "body.id: expected 42, got true"),
        (lambda _: as_json({}), "body.id: missing"),
        (lambda _: as_json({"id": 42, "more": 1}), "body.more: not expected, got 1"),
        (lambda _: as_json({"detail": "no"}, 500), 'status: expected 200, got 500: {"detail": "no"}'),
        (lambda _: as_json({"id": 42}, 201), "status: expected 200, got 201"),
        (lambda _: (200, {"Content-Type": "application/json"}, b'{"id": '), "body: no JSON"),
        (
            lambda _: (200, {"Content-Type": "text/html"}, b'{"id": 42}'),
            "header Content-Type: expected application/json",
        ),
        (lambda _: as_json({"id": 42}, length="99"), "no whole answer"),
        (lambda _: as_json({"id": 42}), "with other values: body.id: expected 43, got 42"),
    ],
)
def test_a_wrong_answer_fails_and_its_reason_is_told(answer: Callable[[str], Answer], reason: str) -> None:
    verdict = said(answer)
    assert verdict.status == "fail"
    assert any(reason in one for one in verdict.reasons), verdict.reasons
    assert verdict.body is None


def test_a_twin_that_refuses_nothing_or_with_another_status_fails() -> None:
    def lax(path: str) -> Answer:
        status, headers, body = right(path)
        return (422 if status == 400 else status), headers, body

    verdict = said(lax, TWIN)
    assert verdict.reasons == (
        'with a parameter of the wrong form: status: expected 400, got 422: {"detail": "no integer"}',
    )


def test_a_server_that_is_not_there_fails() -> None:
    with served(right) as url:
        pass
    verdict = verify(url, SMALL, timeout_s=2)
    assert verdict.status == "fail"
    assert "ConnectError" in verdict.reasons[0]


def test_404_is_unsupported_only_where_the_app_declares_nothing() -> None:
    with served(lambda _: as_json({}, 404)) as url:
        assert verify(url, SMALL).status == "unsupported"
        assert verify(url, SMALL, capabilities={"path-params"}).status == "fail"


def test_what_is_not_declared_is_not_asked() -> None:
    verdict = verify("http://127.0.0.1:9", JSON_SMALL, capabilities={"path-params"})
    assert verdict == Verdict("json-small", "unsupported", ("the app does not declare json-bodies",))


def test_a_long_body_says_its_first_differences_only() -> None:
    (large,) = workloads("json-large")
    wrong = large.exchange.answer | {"variants": [{"sku": "x"} for _ in large.exchange.answer["variants"]]}
    verdict = said(lambda _: as_json(wrong), large)
    assert 'body.variants[0].sku: expected "sku-0", got "x"' in verdict.reasons
    assert len(verdict.reasons) == 10
