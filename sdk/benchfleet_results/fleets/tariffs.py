"""What a model's answers cost: by the provider file's own prices first, else by the list of `price_list`, else nobody knows.

A price is of a model. One that is not known gives NoPrice with the reason, never another model's price.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from benchfleet_contract.fleets.plan import Price, ProviderSettings
from benchfleet_contract.fleets.targets import KEY_VARIABLES

OWN = "providers file"  # name of the price set that the user's own prices are
_MILLION = Decimal(1_000_000)


class NoPrice(LookupError):
    """Nobody knows what it costs. The message says why, for a person."""


class NoList(NoPrice):
    """The package with the list is not installed here; who has it may know."""


@dataclass(frozen=True)
class Tokens:
    """`cached` ones are among `prompt`, `reasoning` ones among `completion`."""

    prompt: int
    completion: int
    cached: int = 0
    reasoning: int = 0


class Tariff(Protocol):
    """Of one model, in USD. `source` names the price set and the model in it; `notes` say what is not sure about it."""

    @property
    def source(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def cost_usd(self, tokens: Tokens, at: datetime) -> Decimal:
        """Of a request that was sent at this time. Raises NoPrice."""

    def most_usd(self, tokens: Tokens, at: datetime) -> Decimal:
        """The most that a request may cost that has so many tokens or fewer, cached or not. Raises NoPrice."""


@dataclass(frozen=True)
class OwnTariff:
    """A price of the provider file."""

    price: Price
    model: str
    notes: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return f"{OWN}: {self.model}"

    def cost_usd(self, tokens: Tokens, at: datetime) -> Decimal:
        cached = min(tokens.cached, tokens.prompt)
        read = self.price.input_mtok if self.price.cache_read_mtok is None else self.price.cache_read_mtok
        prompt = (tokens.prompt - cached) * self.price.input_mtok + cached * read
        return (prompt + tokens.completion * self.price.output_mtok) / _MILLION

    def most_usd(self, tokens: Tokens, at: datetime) -> Decimal:
        kinds = (self.price.input_mtok, self.price.cache_read_mtok, self.price.cache_write_mtok)
        dearest = max(kind for kind in kinds if kind is not None)
        return (tokens.prompt * dearest + tokens.completion * self.price.output_mtok) / _MILLION


def tariff(settings: ProviderSettings, model: str, *, extra: Mapping[str, Any], at: datetime) -> Tariff:
    """`extra` is what goes into the request's body as it is: a service tier changes the price. Raises NoPrice."""
    own = settings.prices.get(model) or settings.price
    if own is not None:
        return OwnTariff(own, model)
    from benchfleet_results.fleets.price_list import listed

    return listed(settings.type, model, base_url=settings.base_url, extra=extra, at=at)


def free_of_charge(settings: ProviderSettings) -> bool:
    """Who is called without a key sends no bill. A provider at its own address takes its usual key, named or not."""
    usual = settings.base_url is None and settings.type in KEY_VARIABLES
    return not (settings.api_key_env or settings.secret or settings.type == "bedrock" or usual)


def price_set_of(source: str) -> str:
    """The name, version and date of the set, without the model."""
    return source.partition(": ")[0]
