"""A stream's answer as a result holds it; tokens that nobody reported are counted by the model's own server, or not at all."""

from typing import Literal

import httpx
from benchfleet_contract.fleets.outcomes import Response, Usage
from benchfleet_contract.fleets.plan import TestRequest

from runner_image.workloads.llm.client.answer import Answer
from runner_image.workloads.llm.provider import Provider

MOST_CHARS = 1024 * 1024  # of an answer that is kept; what is longer is measured whole and kept cut
COUNTING_S = 10.0
Source = Literal["reported", "counted"]


async def response_of(
    answer: Answer, test: TestRequest, provider: Provider, http: httpx.AsyncClient, *, now: float
) -> tuple[Response, Source | None, bool]:
    """The response, where its token counts come from, and whether its content was cut."""
    content = answer.content
    usage, source = await _usage(answer, test, content, provider, http)
    response = Response(
        id=answer.id or test.key,
        model=answer.model or test.model or provider.target.model,
        content=content[:MOST_CHARS],
        usage=usage,
        finish_reason=answer.finish or "stop",
        created_at=answer.created_at or int(now),
    )
    return response, source, len(content) > MOST_CHARS


async def _usage(
    answer: Answer, test: TestRequest, content: str, provider: Provider, http: httpx.AsyncClient
) -> tuple[Usage, Source | None]:
    if counts := reported(answer):
        return _of(*counts, answer), "reported"
    made = await _counted(content, provider, http)
    prompt = await _counted(test.prompt, provider, http) if made is not None else None
    if made is None or prompt is None:
        return _of(0, 0, answer), None
    return _of(prompt, made, answer), "counted"


def reported(answer: Answer) -> tuple[int, int] | None:
    """Tokens of the prompt and of the answer, if the provider counted them. Some send zeros where they do not."""
    prompt, made = answer.prompt_tokens, answer.completion_tokens
    return None if prompt is None or made is None or (made == 0 and answer.texts) else (prompt, made)


def _of(prompt: int, made: int, answer: Answer) -> Usage:
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=made,
        total_tokens=prompt + made,
        cached=answer.cached,
        reasoning=answer.reasoning,
    )


async def _counted(text: str, provider: Provider, http: httpx.AsyncClient) -> int | None:
    """By the tokenizer of the server that made the text (vLLM and llama.cpp have `/tokenize`). None where there is none.

    The prompt is counted without the template that the server puts around it.
    """
    path, base = provider.known.tokenize, provider.settings.base_url or provider.known.base_url
    if not path or not base:
        return None
    body = {"model": provider.target.model, "prompt": text, "content": text, "add_special_tokens": False}
    try:
        reply = await http.post(base.rstrip("/").removesuffix("/v1") + path, json=body, timeout=COUNTING_S)
        document = reply.json() if reply.status_code == 200 else {}
    except (httpx.HTTPError, ValueError, RecursionError):
        return None
    tokens = document.get("tokens") if isinstance(document, dict) else None
    return len(tokens) if isinstance(tokens, list) else None
