"""The server of the real model keeps the protocol that it claims to speak: what proofs build on is checked first."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from local_emulator.model.serving import NAME, Server
from tests.proof.real_model import real_model

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]

WARM = "smollm2-135m-warm"
FRANCE = "What is the capital of France? Answer in one sentence."
Document = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with real_model({NAME: 0.0, WARM: 1.0}, log=tmp_path_factory.mktemp("model") / "log") as server:
        yield server


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        yield client


def asked(prompt: str = FRANCE, **more: Any) -> Document:
    return {"model": NAME, "messages": [{"role": "user", "content": prompt}], "max_tokens": 40, **more}


def completion(http: httpx.Client, body: Document) -> Document:
    answer = http.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    document: Document = answer.json()
    return document


def events(http: httpx.Client, body: Document) -> list[str]:
    with http.stream("POST", "/v1/chat/completions", json={**body, "stream": True}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        return [line.removeprefix("data: ") for line in answer.iter_lines() if line]


def test_it_lists_its_models_and_answers_rightly(http: httpx.Client) -> None:
    assert http.get("/health").json() == {"status": "ok"}
    models = http.get("/v1/models").json()
    assert [one["id"] for one in models["data"]] == [NAME, WARM]
    assert models["data"][0]["meta"]["n_ctx_train"] == 8192
    answer = completion(http, asked())
    assert "Paris" in answer["choices"][0]["message"]["content"]
    assert answer["choices"][0]["finish_reason"] == "stop"


def test_a_stream_is_the_answer_in_pieces_with_the_true_usage_last(http: httpx.Client) -> None:
    whole = completion(http, asked())
    *chunks, done = events(http, asked(stream_options={"include_usage": True}))
    assert done == "[DONE]"
    read = [json.loads(chunk) for chunk in chunks]
    assert read[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    pieces = [one["choices"][0]["delta"].get("content", "") for one in read if one["choices"]]
    content = whole["choices"][0]["message"]["content"]
    assert "".join(pieces) == content
    assert read[-1]["choices"] == []
    assert read[-1]["usage"] == whole["usage"]
    tokens = http.post("/tokenize", json={"content": content}).json()["tokens"]
    assert whole["usage"]["completion_tokens"] == len(tokens) == len([piece for piece in pieces if piece])
    assert whole["usage"]["prompt_tokens"] > len(http.post("/tokenize", json={"content": FRANCE}).json()["tokens"])


def test_limits_stop_words_and_seeds_hold(http: httpx.Client) -> None:
    cut = completion(http, asked(max_tokens=3))
    assert (cut["choices"][0]["finish_reason"], cut["usage"]["completion_tokens"]) == ("length", 3)
    stopped = completion(http, asked(stop=["is Pa"]))["choices"][0]
    assert (stopped["message"]["content"].strip(), stopped["finish_reason"]) == ("The capital of France", "stop")
    one, same, other = (
        completion(http, asked("Write a short poem about the sea.", model=WARM, seed=seed))["choices"][0]["message"]
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (json.dumps(asked(model="gpt-4")).encode(), 404, "model_not_found"),
        (json.dumps(asked(messages=[])).encode(), 400, "invalid_value"),
        (json.dumps(asked(temperature=3)).encode(), 400, "invalid_value"),
        (json.dumps(asked("word " * 3_000)).encode(), 400, "context_length_exceeded"),
        (b" " * 2**20 + b" ", 413, "too_large"),
    ],
)
def test_what_it_cannot_do_is_an_error_of_the_protocol(http: httpx.Client, body: bytes, status: int, code: str) -> None:
    for stream in (b"", b',"stream":true'):
        answer = http.post("/v1/chat/completions", content=body[:-1] + stream + b"}" if code[0] == "c" else body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_more_requests_than_places_are_all_answered_alike(http: httpx.Client) -> None:
    expected = completion(http, asked())["choices"][0]["message"]
    with ThreadPoolExecutor(9) as pool:
        answers = list(pool.map(lambda _: completion(http, asked()), range(9)))
    assert all("Paris" in one["choices"][0]["message"]["content"] for one in answers), expected


def test_a_client_that_leaves_gives_its_place_back(server: Server, http: httpx.Client) -> None:
    """Eight endless answers are left by their readers: there would be no place for a ninth."""

    def leave() -> None:
        body = {**asked("Count from one to a thousand.", max_tokens=1_500), "stream": True}
        with (
            httpx.Client(base_url=server.url, timeout=60, trust_env=False) as own,
            own.stream("POST", "/v1/chat/completions", json=body) as answer,
        ):
            next(answer.iter_lines())

    readers = [threading.Thread(target=leave) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    started = time.monotonic()
    assert completion(http, asked(max_tokens=4))["usage"]["completion_tokens"] == 4
    assert time.monotonic() - started < 30


def test_sigterm_lets_an_answer_end_and_the_process_with_0(tmp_path: Path) -> None:
    with real_model(log=tmp_path / "log") as server, httpx.Client(trust_env=False, timeout=60) as client:
        body = {**asked("Count from one to twenty.", max_tokens=30), "stream": True}
        with client.stream("POST", f"{server.base_url}/chat/completions", json=body) as answer:
            lines = answer.iter_lines()
            next(lines)
            server.process.terminate()
            assert [line for line in lines if line][-1] == "data: [DONE]"
        assert server.process.wait(10) == 0
        with pytest.raises(httpx.ConnectError):
            client.get(f"{server.url}/health")


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    with real_model(log=tmp_path / "log") as server:
        assert server.process.stdin
        server.process.stdin.close()
        assert server.process.wait(10) == 0
