"""What a protocol has to say: the request for a prompt, and what an event of the answer means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from benchfleet_contract.fleets.plan import Parameters

from runner_image.workloads.llm.client.answer import Answer


@dataclass(frozen=True)
class Ask:
    """One prompt for one model. `key` is in no `repr`."""

    model: str
    prompt: str
    system: str | None
    parameters: Parameters
    base_url: str
    key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


@dataclass(frozen=True)
class Call:
    """An HTTP request, ready to go."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes


class Dialect(Protocol):
    """One protocol. `framing` says how events lie in the stream."""

    @property
    def framing(self) -> Literal["sse", "eventstream"]: ...

    def call(self, ask: Ask) -> Call: ...

    def read(self, event: str, data: str, answer: Answer) -> bool:
        """Takes an event in. True where it brought tokens of the model. Raises ProviderError, ValueError, KeyError, TypeError."""


def given(**values: Any) -> dict[str, Any]:
    """Those that are not None: what is not set is left to the provider."""
    return {name: value for name, value in values.items() if value is not None}
