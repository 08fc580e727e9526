"""What a stream adds up to, and how it fails."""

from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract.fleets.outcomes import ErrorKind, FinishReason

Json = dict[str, Any]
MOST_NAME_CHARS = 300  # of an id or a model's name
MOST_TOKENS = 100_000_000  # of one answer; a count beyond that is nonsense

_FINISHES: dict[str, FinishReason] = {
    **dict.fromkeys(("stop", "end_turn", "stop_sequence", "complete", "completed", "eos", "eos_token"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_context_window_exceeded"), "length"),
    **dict.fromkeys(("content_filter", "content_filtered", "safety", "recitation", "blocklist"), "content_filter"),
    **dict.fromkeys(("prohibited_content", "spii", "refusal", "guardrail_intervened"), "content_filter"),
    **dict.fromkeys(("tool_calls", "tool_call", "tool_use", "function_call"), "tool_calls"),
}
_LAST_MOMENT = 2**40


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
    `complete`: the provider has said that this is the whole answer. `over`: and that no event follows.
    """

    id: str = ""
    model: str = ""
    texts: list[str] = field(default_factory=list)
    finish: FinishReason | None = None
    complete: bool = False
    over: bool = False
    created_at: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached: int | None = None
    reasoning: int | None = None

    @property
    def content(self) -> str:
        return whole_text("".join(self.texts))

    def named(self, document: Json, *, id_key: str = "id", model_key: str = "model") -> None:
        """Takes the answer's id and model from the first event that has them."""
        self.id = self.id or _name(document.get(id_key))
        self.model = self.model or _name(document.get(model_key))

    def said(self, text: Any) -> bool:
        """Takes a piece of the answer's text; were tokens in it? A list is parts, as Mistral has them.

        Raises TypeError for what is no text.
        """
        parts = text if isinstance(text, list) else [{"text": text}]
        pieces = [part["text"] for part in parts if part.get("text")]
        if not all(isinstance(piece, str) for piece in pieces):
            raise TypeError("text that is none")
        self.texts += pieces
        return bool(pieces) or any(part.get("thinking") for part in parts)

    def made_at(self, seconds: Any) -> None:
        """When the provider made the answer, in Unix seconds. What is no moment is as good as not said."""
        if self.created_at is None and isinstance(seconds, int | float) and 0 < seconds < _LAST_MOMENT:
            self.created_at = int(seconds)

    def ended(self, reason: str, *, over: bool = False) -> None:
        self.finish = _FINISHES.get(reason.lower(), "error")
        self.complete, self.over = True, self.over or over

    def counted(self, prompt: Any, completion: Any, *, cached: Any = None, reasoning: Any = None) -> None:
        """Token counts as reported; what is no whole number is as good as not reported."""
        self.prompt_tokens = _count(prompt, self.prompt_tokens)
        self.completion_tokens = _count(completion, self.completion_tokens)
        self.cached = _count(cached, self.cached)
        self.reasoning = _count(reasoning, self.reasoning)


def whole_text(text: str) -> str:
    """Two halves of a character (UTF-16 surrogates), which some servers send in two chunks, are put together.

    Half a character alone cannot be written to any file: it becomes the replacement character.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def tokens(value: Any) -> int | None:
    """A count of tokens; None for what is none. JSON of some languages has no whole numbers: 7.0 is 7."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_TOKENS:
        return None
    return int(value) if value == int(value) else None


def together(first: Any, *more: Any) -> int | None:
    """A sum of counts of which the first is needed: None without it."""
    counted = tokens(first)
    return None if counted is None else counted + sum(tokens(each) or 0 for each in more)


def _count(value: Any, before: int | None) -> int | None:
    counted = tokens(value)
    return before if counted is None else counted


def _name(value: Any) -> str:
    return whole_text(str(value or "")[:MOST_NAME_CHARS])
