"""The loopback provider server, asked by clients that are not ours: boto3 for Bedrock, plain httpx for the rest."""

import json

import boto3
import httpx
import pytest
from benchfleet_contract.authorities import authorities

from tests.providers import Behaviour, Providers, Rule, serving


def test_botos_own_client_reads_the_event_stream() -> None:
    with serving(Providers(Behaviour(pieces=("Grüß", " Gott"), prompt_tokens=3))) as providers:
        client = boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=providers.url,
            aws_access_key_id="AK",
            aws_secret_access_key="SK",
        )
        answer = client.converse_stream(
            modelId="amazon.nova:0", messages=[{"role": "user", "content": [{"text": "Hi"}]}]
        )
        events = list(answer["stream"])
    assert [it["contentBlockDelta"]["delta"]["text"] for it in events if "contentBlockDelta" in it] == ["Grüß", " Gott"]
    assert events[-1]["metadata"]["usage"] == {
        "inputTokens": 3, "outputTokens": 2, "totalTokens": 5, "cacheReadInputTokens": 0,
    }  # fmt: skip
    assert (providers.asked[0].model, providers.asked[0].prompt) == ("amazon.nova:0", "Hi")


def _chat(url: str, prompt: str, **more: object) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": prompt}], "stream": True, **more}
    return httpx.post(
        f"{url}/v1/chat/completions",
        json=body,
        headers={"Authorization": "Bearer k"},
        timeout=20,
        verify=authorities({}),
    )


def test_rules_choose_by_the_prompt_and_every_nth() -> None:
    failing = Rule(Behaviour(status=500), prompt="bad", every=2, times=1)
    with serving(Providers(rules=[failing])) as providers:
        statuses = [_chat(providers.url, prompt).status_code for prompt in ("good", "bad", "bad", "bad", "bad")]
    assert statuses == [200, 200, 500, 200, 200]


def test_a_key_that_is_not_known_and_a_limit_are_refused() -> None:
    with serving(Providers(keys={"k"}, rpm=1)) as providers:
        assert _chat(providers.url, "a").status_code == 200
        limited = _chat(providers.url, "a")
        assert (limited.status_code, limited.headers["Retry-After"]) == (429, "1")
        providers.keys = {"other"}
        assert _chat(providers.url, "a").status_code == 401


def test_a_stream_is_cut_in_the_middle() -> None:
    with serving(Providers(Behaviour(tokens=5, cut_after=2))) as providers, pytest.raises(httpx.RemoteProtocolError):
        _chat(providers.url, "a")


def test_usage_comes_last_and_only_where_it_is_asked_for() -> None:
    with serving() as providers:
        plain = _chat(providers.url, "a").text
        told = _chat(providers.url, "a", stream_options={"include_usage": True}).text
    assert "usage" not in plain
    *_, usage, done = [line for line in told.split("\n") if line]
    assert done == "data: [DONE]"
    assert json.loads(usage.removeprefix("data: "))["usage"]["completion_tokens"] == 4


def test_another_process_can_say_how_to_answer() -> None:
    with serving() as providers:
        rule = {"behaviour": {"status": 404}, "model": "gone"}
        httpx.put(
            f"{providers.url}/_control", verify=authorities({}), json={"default": {"pieces": ["x"]}, "rules": [rule]}
        )
        assert '"content": "x"' in _chat(providers.url, "a").text
        assert httpx.get(f"{providers.url}/_control", verify=authorities({})).json()["asked"][0]["prompt"] == "a"
