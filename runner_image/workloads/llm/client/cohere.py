"""Cohere's chat, version 2. https://docs.cohere.com/v2/reference/chat-stream"""

import json
from dataclasses import dataclass
from typing import Literal

from runner_image.workloads.llm.client.answer import Answer, Json
from runner_image.workloads.llm.client.dialect import Ask, Call, given
from runner_image.workloads.llm.refusals import told


@dataclass(frozen=True)
class CohereChat:
    framing: Literal["sse"] = "sse"

    def call(self, ask: Ask) -> Call:
        parameters = ask.parameters
        system = [{"role": "system", "content": ask.system}] if ask.system else []
        body: Json = {
            "model": ask.model,
            "messages": [*system, {"role": "user", "content": ask.prompt}],
            "stream": True,
            **given(
                temperature=parameters.temperature,
                p=parameters.top_p,
                max_tokens=parameters.max_tokens,
                stop_sequences=parameters.stop,
                seed=parameters.seed,
            ),
            **parameters.extra,
        }
        return Call(f"{ask.base_url}/chat", {**ask.bearer(), **ask.headers}, json.dumps(body).encode())

    def read(self, event: str, data: str, answer: Answer) -> bool:
        chunk = json.loads(data)
        kind = chunk["type"]
        delta = chunk.get("delta") or {}
        if kind == "content-delta":
            content = delta["message"]["content"]
            return answer.said(content.get("text")) or bool(content.get("thinking"))
        if kind == "message-start":
            answer.named(chunk)
        elif kind == "message-end":
            self._end(delta, answer)
        return kind in {"tool-plan-delta", "tool-call-delta"}

    def _end(self, delta: Json, answer: Answer) -> None:
        if delta.get("error") or delta.get("finish_reason") == "ERROR":
            raise told(delta.get("error") or "the answer ended with an error")
        answer.ended(str(delta.get("finish_reason") or ""), over=True)
        usage = delta.get("usage") or {}
        tokens = usage.get("tokens") or usage.get("billed_units") or {}
        answer.counted(tokens.get("input_tokens"), tokens.get("output_tokens"))
