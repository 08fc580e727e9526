"""The protocols, as their makers document them: what a request asks for, and the events of its stream.

A stream is a list of steps: `(kind, bytes)`; a `token` step waits for its time, any other follows at once.
"""

import binascii
import json
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tests.providers.behaviour import Behaviour
from tests.providers.http import Request

Step = tuple[Literal["token", "other"], bytes]
Json = dict[str, Any]
CREATED = 1_764_000_000


def sse(document: Json | str, event: str | None = None) -> bytes:
    """LINE SEPARATOR and the like stand in the JSON as they are: providers do not escape them either."""
    data = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    return (f"event: {event}\n" if event else "").encode() + f"data: {data}\n\n".encode()


@dataclass(frozen=True)
class Dialect:
    """`path` matches the request's; `key` takes the key out of its headers."""

    name: str
    path: re.Pattern[str]
    stream: Callable[[Behaviour, str, Request], Iterator[Step]]
    prompt: Callable[[Json], str]
    key: Callable[[dict[str, str]], str | None]
    error: Callable[[Behaviour], Json]
    broken: bytes = b'data: {"choices": [{"delta": {"content"\n\n'
    failed: Callable[[Behaviour], bytes] = lambda behaviour: sse({"error": {"message": behaviour.message, "code": 500}})
    content_type: str = "text/event-stream; charset=utf-8"


def _bearer(headers: dict[str, str]) -> str | None:
    return headers.get("api-key") or headers.get("authorization", "").removeprefix("Bearer ") or None


def _chat_prompt(body: Json) -> str:
    return str(body["messages"][-1]["content"])


def _openai_error(behaviour: Behaviour) -> Json:
    kind = "rate_limit_error" if behaviour.status == 429 else "invalid_request_error"
    return {"error": {"message": behaviour.message, "type": kind, "param": None, "code": behaviour.code}}


def chat(behaviour: Behaviour, model: str, request: Request) -> Iterator[Step]:
    """https://platform.openai.com/docs/api-reference/chat-streaming"""

    def chunk(delta: Json, finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sse(_chat_chunk(model, [choice], **more))

    wanted = (request.body.get("stream_options") or {}).get("include_usage", False)
    yield "other", chunk({"role": "assistant", "content": ""})
    for thought in behaviour.thoughts:
        yield "token", chunk({"reasoning_content": thought})
    for piece in behaviour.text:
        yield "token", chunk({"content": piece})
    yield "other", chunk({}, behaviour.finish)
    if wanted and behaviour.reported:
        yield "other", sse(_chat_chunk(model, [], usage=_chat_usage(behaviour)))
    yield "other", sse("[DONE]")


def _chat_chunk(model: str, choices: list[Json], **more: Any) -> Json:
    head = {"id": "chatcmpl-loopback", "object": "chat.completion.chunk", "created": CREATED, "model": f"{model}-0001"}
    return {**head, "system_fingerprint": "fp_loopback", "choices": choices, **more}


def _chat_usage(behaviour: Behaviour) -> Json:
    prompt, made = behaviour.prompt_tokens, behaviour.generated
    return {
        "prompt_tokens": prompt,
        "completion_tokens": made,
        "total_tokens": prompt + made,
        "prompt_tokens_details": {"cached_tokens": behaviour.cached_tokens or 0},
        "completion_tokens_details": {"reasoning_tokens": len(behaviour.thoughts)},
    }


def responses(behaviour: Behaviour, model: str, request: Request) -> Iterator[Step]:
    """https://platform.openai.com/docs/api-reference/responses-streaming"""
    number = 0

    def event(kind: str, **more: Any) -> bytes:
        nonlocal number
        number += 1
        return sse({"type": kind, "sequence_number": number, **more}, kind)

    base = {"id": "resp_loopback", "object": "response", "created_at": CREATED, "model": f"{model}-0001", "output": []}
    yield "other", event("response.created", response={**base, "status": "in_progress"})
    yield "other", event("response.output_item.added", output_index=0, item={"type": "message", "content": []})
    for thought in behaviour.thoughts:
        yield "token", event("response.reasoning_text.delta", item_id="rs", delta=thought)
    for piece in behaviour.text:
        yield "token", event("response.output_text.delta", item_id="msg", content_index=0, delta=piece)
    yield "other", event("response.output_text.done", item_id="msg", text="".join(behaviour.text))
    cut = behaviour.finish == "length"
    usage = {
        "input_tokens": behaviour.prompt_tokens,
        "input_tokens_details": {"cached_tokens": behaviour.cached_tokens or 0},
        "output_tokens": behaviour.generated,
        "output_tokens_details": {"reasoning_tokens": len(behaviour.thoughts)},
        "total_tokens": behaviour.prompt_tokens + behaviour.generated,
    }
    final = {**base, "status": "incomplete" if cut else "completed", "usage": usage if behaviour.reported else None}
    if cut:
        final["incomplete_details"] = {"reason": "max_output_tokens"}
    yield "other", event(f"response.{final['status']}", response=final)


def anthropic(behaviour: Behaviour, model: str, request: Request) -> Iterator[Step]:
    """https://docs.anthropic.com/en/api/messages-streaming"""

    def event(kind: str, **more: Any) -> bytes:
        return sse({"type": kind, **more}, kind)

    usage = {"input_tokens": behaviour.prompt_tokens - (behaviour.cached_tokens or 0), "output_tokens": 1}
    usage["cache_read_input_tokens"] = behaviour.cached_tokens or 0
    message = {"id": "msg_loopback", "type": "message", "role": "assistant", "model": f"{model}-0001", "content": []}
    yield "other", event("message_start", message={**message, **({"usage": usage} if behaviour.reported else {})})
    yield "other", event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    yield "other", event("ping")
    for thought in behaviour.thoughts:
        yield "token", event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": thought})
    for piece in behaviour.text:
        yield "token", event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield "other", event("content_block_stop", index=0)
    stop = {"stop": "end_turn", "length": "max_tokens"}.get(behaviour.finish, behaviour.finish)
    made = {"usage": {"output_tokens": behaviour.generated}} if behaviour.reported else {}
    yield "other", event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, **made)
    yield "other", event("message_stop")


def _anthropic_error(behaviour: Behaviour) -> Json:
    kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error", 529: "overloaded_error"}
    kind = kinds.get(behaviour.status, "api_error" if behaviour.status >= 500 else "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": behaviour.message}}


def gemini(behaviour: Behaviour, model: str, request: Request) -> Iterator[Step]:
    """https://ai.google.dev/api/generate-content"""

    def chunk(part: Json | None, finish: str | None = None) -> bytes:
        content = {"parts": [part] if part else [], "role": "model"}
        candidate: Json = {"content": content, "index": 0, **({"finishReason": finish} if finish else {})}
        made = {"promptTokenCount": behaviour.prompt_tokens}
        if finish:
            made["candidatesTokenCount"] = behaviour.generated - len(behaviour.thoughts)
            made["thoughtsTokenCount"] = len(behaviour.thoughts)
            made["cachedContentTokenCount"] = behaviour.cached_tokens or 0
            made["totalTokenCount"] = behaviour.prompt_tokens + behaviour.generated
        usage = {"usageMetadata": made} if behaviour.reported else {}
        return sse({"candidates": [candidate], **usage, "modelVersion": f"{model}-0001", "responseId": "loopback"})

    for thought in behaviour.thoughts:
        yield "token", chunk({"text": thought, "thought": True})
    for piece in behaviour.text:
        yield "token", chunk({"text": piece})
    reason = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}.get(
        behaviour.finish, behaviour.finish
    )
    yield "other", chunk(None, reason)


def _gemini_error(behaviour: Behaviour) -> Json:
    name = {429: "RESOURCE_EXHAUSTED", 404: "NOT_FOUND", 401: "UNAUTHENTICATED"}.get(behaviour.status, "UNAVAILABLE")
    return {"error": {"code": behaviour.status, "message": behaviour.message, "status": name}}


def cohere(behaviour: Behaviour, model: str, request: Request) -> Iterator[Step]:
    """https://docs.cohere.com/v2/reference/chat-stream"""

    def event(kind: str, **more: Any) -> bytes:
        return sse({"type": kind, **more}, kind)

    yield "other", event("message-start", id="cohere-loopback", delta={"message": {"role": "assistant", "content": []}})
    yield "other", event("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}})
    for piece in behaviour.text:
        yield "token", event("content-delta", index=0, delta={"message": {"content": {"text": piece}}})
    yield "other", event("content-end", index=0)
    reason = {"stop": "COMPLETE", "length": "MAX_TOKENS"}.get(behaviour.finish, behaviour.finish)
    counts = {"input_tokens": behaviour.prompt_tokens, "output_tokens": behaviour.generated}
    usage = {"usage": {"billed_units": counts, "tokens": counts}} if behaviour.reported else {}
    yield "other", event("message-end", delta={"finish_reason": reason, **usage})


def bedrock(behaviour: Behaviour, model: str, request: Request) -> Iterator[Step]:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html"""
    yield "other", frame("messageStart", {"role": "assistant"})
    for thought in behaviour.thoughts:
        yield (
            "token",
            frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": thought}}}),
        )
    for piece in behaviour.text:
        yield "token", frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}})
    yield "other", frame("contentBlockStop", {"contentBlockIndex": 0})
    stop = {"stop": "end_turn", "length": "max_tokens"}.get(behaviour.finish, behaviour.finish)
    yield "other", frame("messageStop", {"stopReason": stop})
    counts = {
        "inputTokens": behaviour.prompt_tokens - (behaviour.cached_tokens or 0),
        "outputTokens": behaviour.generated,
        "totalTokens": behaviour.prompt_tokens + behaviour.generated,
        "cacheReadInputTokens": behaviour.cached_tokens or 0,
    }
    usage = {"usage": counts} if behaviour.reported else {}
    yield "other", frame("metadata", {**usage, "metrics": {"latencyMs": 1}})


def frame(kind: str, payload: Json, *, message: str = "event") -> bytes:
    """application/vnd.amazon.eventstream: lengths, their CRC, headers of type string, the payload, the CRC of all."""
    named = {":message-type": message, f":{message}-type": kind, ":content-type": "application/json"}
    headers = b"".join(
        struct.pack("!B", len(name)) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()
        for name, value in named.items()
    )
    content = json.dumps(payload, ensure_ascii=False).encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(content), len(headers))
    begun = prelude + struct.pack("!I", binascii.crc32(prelude)) + headers + content
    return begun + struct.pack("!I", binascii.crc32(begun))


def _content_prompt(body: Json) -> str:
    message = body.get("contents") or body.get("messages") or [{}]
    parts = message[-1].get("parts") or message[-1].get("content") or [{}]
    return str(parts[-1].get("text", ""))


DIALECTS = (
    Dialect("chat", re.compile(r"/chat/completions(\?|$)"), chat, _chat_prompt, _bearer, _openai_error),
    Dialect(
        "responses",
        re.compile(r"/responses$"),
        responses,
        lambda body: str(body["input"]),
        _bearer,
        _openai_error,
        failed=lambda it: sse({"type": "error", "code": "server_error", "message": it.message}, "error"),
    ),
    Dialect(
        "anthropic",
        re.compile(r"/messages$"),
        anthropic,
        _chat_prompt,
        lambda headers: headers.get("x-api-key"),
        _anthropic_error,
        failed=lambda it: sse({"type": "error", "error": {"type": "overloaded_error", "message": it.message}}, "error"),
    ),
    Dialect(
        "gemini",
        re.compile(r":streamGenerateContent\?alt=sse$"),
        gemini,
        _content_prompt,
        lambda headers: headers.get("x-goog-api-key"),
        _gemini_error,
    ),
    Dialect(
        "cohere",
        re.compile(r"/v2/chat$"),
        cohere,
        _chat_prompt,
        _bearer,
        lambda it: {"message": it.message},
        failed=lambda it: sse({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": it.message}}),
    ),
    Dialect(
        "bedrock",
        re.compile(r"/model/.+/converse-stream$"),
        bedrock,
        _content_prompt,
        lambda headers: headers.get("authorization"),
        lambda it: {"message": it.message},
        broken=b"\x00\x00\x00\x20garbage that is no frame at all!",
        failed=lambda it: frame("throttlingException", {"message": it.message}, message="exception"),
        content_type="application/vnd.amazon.eventstream",
    ),
)
