"""What an answer costs, and what a request may cost at most; from the price that the fleet was planned with."""

from dataclasses import dataclass
from decimal import Decimal

from benchfleet_contract.fleets.outcomes import Usage
from benchfleet_contract.fleets.plan import Price, TestRequest

MOST_TOKENS = 4096  # of an answer whose test sets no max_tokens: what is reserved, not what is sent
_BYTES_A_TOKEN = 2  # tokens of text have three bytes and more; reserved is for the worst
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Prices:
    """`price` None: nobody knows, and nothing is reserved."""

    price: Price | None
    source: str = "manifest"

    def cost_usd(self, usage: Usage) -> float | None:
        if self.price is None:
            return None
        cached = min(usage.cached or 0, usage.prompt_tokens)
        cached_price = self.price.cache_read_mtok if self.price.cache_read_mtok is not None else self.price.input_mtok
        total = (usage.prompt_tokens - cached) * self.price.input_mtok + cached * cached_price
        return float((total + usage.completion_tokens * self.price.output_mtok) / _MILLION)

    def most_usd(self, test: TestRequest) -> float:
        """0.0 where no price is known."""
        if self.price is None:
            return 0.0
        prompt = len((test.prompt + (test.system or "")).encode()) // _BYTES_A_TOKEN + 16
        made = test.parameters.max_tokens or MOST_TOKENS
        return float((prompt * self.price.input_mtok + made * self.price.output_mtok) / _MILLION)
