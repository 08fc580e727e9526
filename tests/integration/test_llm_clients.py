"""Each protocol, streamed from the loopback server: the answer, its tokens, its end, its refusals."""

import asyncio

import httpx
import pytest
from benchfleet_contract.fleets.plan import Parameters

from runner_image.workloads.llm.client.dialect import Ask
from runner_image.workloads.llm.client.table import TABLE
from runner_image.workloads.llm.stream import Exchange, exchanged
from tests.each_case import each_case
from tests.providers import Behaviour, Providers, serving

PATHS = {
    "openai": "/v1",
    "openai-responses": "/v1",
    "anthropic": "/v1",
    "google": "/v1beta",
    "cohere": "/v2",
    "azure-openai": "",
    "bedrock": "",
}
NAMED = pytest.mark.parametrize("name", PATHS)


def _exchange(name: str, behaviour: Behaviour, **parameters: object) -> tuple[Exchange, Providers]:
    async def once(url: str) -> Exchange:
        ask = Ask("some-model", "Say hi", "Be short", Parameters.model_validate(parameters), url + PATHS[name], "key")
        async with httpx.AsyncClient(timeout=None, verify=False) as http:  # authorities take longer than the test
            return await exchanged(http, TABLE[name].dialect.call(ask), TABLE[name].dialect, timeout_s=10)

    with serving(Providers(behaviour)) as providers:
        return asyncio.run(once(providers.url)), providers


@NAMED
def test_an_answer_in_odd_characters_and_odd_parts_is_read_whole(name: str) -> None:
    pieces = ("Gr\u2028ü\u0085", "ße", " 🙂")
    thoughts = () if name == "cohere" else ("hm",)
    found, providers = _exchange(name, Behaviour(pieces=pieces, thoughts=thoughts, cached_tokens=2, split=True))
    assert found.error is None
    assert found.answer.content == "".join(pieces)
    assert len(found.stamps.chunks) == len(pieces) + len(thoughts)
    assert (found.answer.prompt_tokens, found.answer.completion_tokens) == (7, len(pieces) + len(thoughts))
    assert found.answer.finish == "stop"
    assert (providers.asked[0].model, providers.asked[0].prompt) == ("some-model", "Say hi")


@NAMED
def test_what_is_set_is_asked_for_and_what_is_not_is_left_to_the_provider(name: str) -> None:
    asked = str(_exchange(name, Behaviour(), max_tokens=321, temperature=0.25)[1].asked[0].body)
    plain = str(_exchange(name, Behaviour())[1].asked[0].body)
    assert "321" in asked
    assert "0.25" in asked
    assert "Be short" in asked
    assert "emperature" not in plain


@NAMED
def test_an_answer_that_was_too_long_says_so(name: str) -> None:
    assert _exchange(name, Behaviour(finish="length"))[0].answer.finish == "length"


@NAMED
def test_chunks_without_tokens_are_no_tokens(name: str) -> None:
    found = _exchange(name, Behaviour(pieces=()))[0]
    assert found.error is not None
    assert (found.error.kind, found.stamps.chunks) == ("empty", [])


@NAMED
@each_case(
    ("behaviour", "kind"),
    [
        (Behaviour(status=429, headers={"Retry-After": "7"}), "rate_limited"),
        (Behaviour(tokens=3, malformed_at=1), "malformed"),
        (Behaviour(tokens=3, cut_after=1), "cut"),
    ],
)
def test_each_failure_is_told_apart(name: str, behaviour: Behaviour, kind: str) -> None:
    error = _exchange(name, behaviour)[0].error
    assert error is not None
    assert error.kind == kind
    assert error.retry_after_s == (7.0 if kind == "rate_limited" else None)


@NAMED
def test_an_error_inside_the_stream_is_the_providers(name: str) -> None:
    error = _exchange(name, Behaviour(tokens=3, error_after=1))[0].error
    assert error is not None
    assert error.kind in {"server", "rate_limited"}
    assert "told to fail" in error.message
