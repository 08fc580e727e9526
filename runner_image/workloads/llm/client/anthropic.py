"""Anthropic's messages. https://docs.anthropic.com/en/api/messages-streaming"""

import json
from dataclasses import dataclass
from typing import Any, Literal

from runner_image.workloads.llm.client.answer import Answer, Json, together
from runner_image.workloads.llm.client.dialect import Ask, Call, given
from runner_image.workloads.llm.refusals import told

VERSION = "2023-06-01"
MAX_TOKENS = 1024  # the protocol requires a number
_PIECES = {"thinking_delta": "thinking", "input_json_delta": "partial_json"}


@dataclass(frozen=True)
class Messages:
    framing: Literal["sse"] = "sse"

    def call(self, ask: Ask) -> Call:
        parameters = ask.parameters
        body: Json = {
            "model": ask.model,
            "messages": [{"role": "user", "content": ask.prompt}],
            "max_tokens": parameters.max_tokens or MAX_TOKENS,
            "stream": True,
            **given(
                system=ask.system,
                temperature=parameters.temperature,
                top_p=parameters.top_p,
                stop_sequences=parameters.stop,
            ),
            **parameters.extra,
        }
        key = {"x-api-key": ask.key} if ask.key else {}
        headers = {"anthropic-version": VERSION, **key, **ask.headers}
        return Call(f"{ask.base_url}/messages", headers, json.dumps(body).encode())

    def read(self, event: str, data: str, answer: Answer) -> bool:
        chunk = json.loads(data)
        kind = chunk["type"]
        if kind == "content_block_delta":
            return self._piece(chunk["delta"], answer)
        if kind == "message_start":
            answer.named(chunk["message"])
            self._usage(chunk["message"].get("usage"), answer, started=True)
        elif kind == "message_delta":
            self._delta(chunk, answer)
        elif kind == "message_stop":
            answer.complete = answer.over = True
        elif kind == "error":
            raise told(chunk["error"])
        return False

    def _delta(self, chunk: Json, answer: Answer) -> None:
        if reason := chunk["delta"].get("stop_reason"):
            answer.ended(reason)
        self._usage(chunk.get("usage"), answer)

    def _piece(self, delta: Json, answer: Answer) -> bool:
        if delta["type"] == "text_delta":
            return answer.said(delta["text"])
        return bool(delta.get(_PIECES.get(delta["type"], "")))

    def _usage(self, usage: Any, answer: Answer, *, started: bool = False) -> None:
        """Prompt tokens that were read from or written to a cache are not among `input_tokens`: all are summed here."""
        if not isinstance(usage, dict):
            return
        cached = usage.get("cache_read_input_tokens")
        prompt = together(usage.get("input_tokens"), cached, usage.get("cache_creation_input_tokens"))
        answer.counted(prompt, None if started else usage.get("output_tokens"), cached=cached)
