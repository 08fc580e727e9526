"""Google's generateContent, streamed. https://ai.google.dev/api/generate-content"""

import json
from dataclasses import dataclass
from typing import Literal

from runner_image.workloads.llm.client.answer import Answer, Json, tokens
from runner_image.workloads.llm.client.dialect import Ask, Call, given
from runner_image.workloads.llm.refusals import told


@dataclass(frozen=True)
class GenerateContent:
    framing: Literal["sse"] = "sse"

    def call(self, ask: Ask) -> Call:
        parameters = ask.parameters
        config = given(
            temperature=parameters.temperature,
            topP=parameters.top_p,
            maxOutputTokens=parameters.max_tokens,
            stopSequences=parameters.stop,
            seed=parameters.seed,
        )
        body: Json = {"contents": [{"role": "user", "parts": [{"text": ask.prompt}]}], **parameters.extra}
        own = parameters.extra.get("generationConfig")
        body |= {"generationConfig": {**(own if isinstance(own, dict) else {}), **config}} if config else {}
        body |= {"systemInstruction": {"parts": [{"text": ask.system}]}} if ask.system else {}
        url = f"{ask.base_url}/models/{ask.model}:streamGenerateContent?alt=sse"
        key = {"x-goog-api-key": ask.key} if ask.key else {}
        return Call(url, {**key, **ask.headers}, json.dumps(body).encode())

    def read(self, event: str, data: str, answer: Answer) -> bool:
        chunk = json.loads(data)
        if chunk.get("error"):
            raise told(chunk["error"])
        answer.named(chunk, id_key="responseId", model_key="modelVersion")
        if reason := (chunk.get("promptFeedback") or {}).get("blockReason"):
            answer.ended("safety" if reason != "OTHER" else reason)
        self._usage(chunk.get("usageMetadata") or {}, answer)
        return any([self._candidate(candidate, answer) for candidate in chunk.get("candidates") or ()])

    def _candidate(self, candidate: Json, answer: Answer) -> bool:
        if candidate.get("finishReason"):
            answer.ended(candidate["finishReason"])
        parts = (candidate.get("content") or {}).get("parts") or ()
        spoken = [part for part in parts if not part.get("thought")]
        return answer.said(spoken) or any(part.get("text") or part.get("functionCall") for part in parts)

    def _usage(self, usage: Json, answer: Answer) -> None:
        """Thoughts are not among `candidatesTokenCount`: they are summed here."""
        made, thoughts = tokens(usage.get("candidatesTokenCount")), tokens(usage.get("thoughtsTokenCount"))
        made = (made or 0) + (thoughts or 0) if made is not None or thoughts is not None else None
        answer.counted(
            usage.get("promptTokenCount"), made, cached=usage.get("cachedContentTokenCount"), reasoning=thoughts
        )
