"""What a stream adds up to, and how it fails."""

from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract.fleets.outcomes import ErrorKind, FinishReason

Json = dict[str, Any]

_FINISHES: dict[str, FinishReason] = {
    **dict.fromkeys(("stop", "end_turn", "stop_sequence", "complete", "completed", "eos", "eos_token"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_context_window_exceeded"), "length"),
    **dict.fromkeys(("content_filter", "content_filtered", "safety", "recitation", "blocklist"), "content_filter"),
    **dict.fromkeys(("prohibited_content", "spii", "refusal", "guardrail_intervened"), "content_filter"),
    **dict.fromkeys(("tool_calls", "tool_call", "tool_use", "function_call"), "tool_calls"),
}


class ProviderError(Exception):
    """No usable answer. `again`: may the same request succeed later? `retry_after_s`: the provider's own word on when."""

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        http_status: int | None = None,
        again: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.message = message
        self.http_status = http_status
        self.again = again
        self.retry_after_s = retry_after_s


def malformed(message: str) -> ProviderError:
    return ProviderError("malformed", message)


@dataclass
class Answer:
    """Filled in as events come. Token counts are None until the provider reports them.

    `prompt_tokens` include those from a cache, `completion_tokens` those of reasoning, whatever the provider's own sums are.
    """

    id: str = ""
    model: str = ""
    texts: list[str] = field(default_factory=list)
    finish: FinishReason | None = None
    complete: bool = False
    created_at: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached: int | None = None
    reasoning: int | None = None

    @property
    def content(self) -> str:
        return "".join(self.texts)

    def named(self, document: Json, *, id_key: str = "id", model_key: str = "model") -> None:
        """Takes the answer's id and model from the first event that has them."""
        self.id = self.id or str(document.get(id_key) or "")
        self.model = self.model or str(document.get(model_key) or "")

    def ended(self, reason: str) -> None:
        self.finish = _FINISHES.get(reason.lower(), "error")

    def counted(self, prompt: Any, completion: Any, *, cached: Any = None, reasoning: Any = None) -> None:
        """Token counts as reported; what is no whole number is as good as not reported."""
        self.prompt_tokens = _count(prompt, self.prompt_tokens)
        self.completion_tokens = _count(completion, self.completion_tokens)
        self.cached = _count(cached, self.cached)
        self.reasoning = _count(reasoning, self.reasoning)


def _count(value: Any, before: int | None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else before
