"""OpenAI's chat completions and responses; chat completions are what every compatible server speaks.

https://platform.openai.com/docs/api-reference/chat-streaming and …/responses-streaming
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

from runner_image.workloads.llm.client.answer import Answer, Json
from runner_image.workloads.llm.client.dialect import Ask, Call, given
from runner_image.workloads.llm.refusals import told

_THOUGHTS = ("reasoning_content", "reasoning")  # DeepSeek and vLLM; Groq, OpenRouter and newer vLLM


@dataclass(frozen=True)
class Chat:
    """`max_tokens` and `seed` are the names that a server has for them; `stream_usage`: does it know `stream_options`?"""

    max_tokens: str = "max_tokens"
    seed: str = "seed"
    stream_usage: bool = True
    framing: Literal["sse"] = "sse"

    def call(self, ask: Ask) -> Call:
        return Call(f"{ask.base_url}/chat/completions", {**ask.bearer(), **ask.headers}, self.content(ask))

    def content(self, ask: Ask) -> bytes:
        system = [{"role": "system", "content": ask.system}] if ask.system else []
        body: Json = {
            "model": ask.model,
            "messages": [*system, {"role": "user", "content": ask.prompt}],
            "stream": True,
            **sampling(ask, max_tokens=self.max_tokens, seed=self.seed),
        }
        if ask.options.get("stream_usage", self.stream_usage):
            body["stream_options"] = {"include_usage": True}
        return json.dumps({**body, **ask.parameters.extra}).encode()

    def read(self, event: str, data: str, answer: Answer) -> bool:
        if data.strip() == "[DONE]":
            answer.complete = answer.over = True
            return False
        chunk = json.loads(data)
        if chunk.get("error") or event == "error":
            raise told(chunk.get("error") or chunk)
        answer.named(chunk)
        answer.made_at(chunk.get("created"))
        _usage(chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage"), answer)
        return any([_choice(choice, answer) for choice in chunk.get("choices") or ()])


def sampling(ask: Ask, *, max_tokens: str, seed: str) -> Json:
    parameters = ask.parameters
    common = given(temperature=parameters.temperature, top_p=parameters.top_p, stop=parameters.stop)
    return {**common, **given(**{max_tokens: parameters.max_tokens, seed: parameters.seed})}


def _choice(choice: Json, answer: Answer) -> bool:
    delta = choice.get("delta") or {}
    if choice.get("finish_reason"):
        answer.ended(choice["finish_reason"])
    said = answer.said(delta.get("content") or delta.get("refusal"))
    return said or bool(delta.get("tool_calls") or any(delta.get(name) for name in _THOUGHTS))


def _usage(usage: Any, answer: Answer) -> None:
    if isinstance(usage, dict):
        answer.counted(
            usage.get("prompt_tokens"),
            usage.get("completion_tokens"),
            cached=(usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
            reasoning=(usage.get("completion_tokens_details") or {}).get("reasoning_tokens"),
        )


@dataclass(frozen=True)
class Responses:
    framing: Literal["sse"] = "sse"

    def call(self, ask: Ask) -> Call:
        body: Json = {
            "model": ask.model,
            "input": ask.prompt,
            "stream": True,
            "store": False,
            **given(
                instructions=ask.system,
                temperature=ask.parameters.temperature,
                top_p=ask.parameters.top_p,
                max_output_tokens=ask.parameters.max_tokens,
            ),
            **ask.parameters.extra,
        }
        return Call(f"{ask.base_url}/responses", {**ask.bearer(), **ask.headers}, json.dumps(body).encode())

    def read(self, event: str, data: str, answer: Answer) -> bool:
        chunk = json.loads(data)
        kind = chunk["type"]
        if kind == "error":
            raise told(chunk)
        if "response" in chunk:
            self._whole(kind, chunk["response"], answer)
        if not kind.endswith(".delta"):
            return False
        if kind in {"response.output_text.delta", "response.refusal.delta"}:
            return answer.said(chunk["delta"])
        return bool(chunk["delta"])

    def _whole(self, kind: str, response: Json, answer: Answer) -> None:
        answer.named(response)
        answer.made_at(response.get("created_at"))
        if kind == "response.failed":
            raise told(response.get("error") or "the response failed")
        if kind in {"response.completed", "response.incomplete"}:
            answer.ended((response.get("incomplete_details") or {}).get("reason") or "completed", over=True)
        usage = response.get("usage") or {}
        answer.counted(
            usage.get("input_tokens"),
            usage.get("output_tokens"),
            cached=(usage.get("input_tokens_details") or {}).get("cached_tokens"),
            reasoning=(usage.get("output_tokens_details") or {}).get("reasoning_tokens"),
        )
