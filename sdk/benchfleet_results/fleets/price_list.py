"""List prices of providers, from the package genai-prices (https://github.com/pydantic/genai-prices): its own data, no network.

The package answers some questions that it does not know the answer to. Here each of them is refused, or the answer says it:
a date before the model was there, a service tier that the list has no price for, a tier that changes a part of a price only,
a model that has no price for prompts or for answers.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from benchfleet_results.fleets.tariffs import NoList, NoPrice, Tokens

if TYPE_CHECKING:  # half a second of CPU: only where a price is asked for
    from genai_prices.types import ModelInfo, ModelPrice, Provider

PACKAGE = "genai-prices"
RELEASED: Mapping[str, date] = MappingProxyType({"0.2.3": date(2026, 11, 10)})  # the package has no date in itself
OLD_DAYS = 180
PROVIDERS: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("openai", "anthropic", "google", "cohere", "mistral", "groq", "together")},
        **{name: name for name in ("perplexity", "deepseek", "openrouter", "fireworks")},
        "openai-responses": "openai",
        "azure-openai": "azure",
        "bedrock": "aws",
        "xai": "x-ai",
    }
)
TIERS = ("service_tier", "speed", "processing", "search_type")  # parameters that change what is billed
_USUAL = frozenset({"default", "auto", "standard", "standard_only", "on_demand"})
_CACHE = ("cache_read_tokens", "cache_write_tokens")
_NEEDED = ("input_mtok", "output_mtok")
_DATED = re.compile(r"(20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")


@dataclass(frozen=True)
class PriceSet:
    name: str
    version: str
    dated: date | None

    def __str__(self) -> str:
        return f"{self.name} {self.version} of {self.dated or 'an unknown day'}"


@dataclass(frozen=True)
class _Rates:
    """USD of a request, and of a token of each kind in it."""

    once: Decimal
    prompt: Decimal
    read: Decimal
    written: Decimal
    made: Decimal
    reasoned: Decimal


@dataclass(frozen=True)
class ListTariff:
    """One model of the list, with the tier that is asked for. The package's own sums are slow: what they add up is kept."""

    source: str
    notes: tuple[str, ...]
    model: "ModelInfo"
    context: Mapping[str, str]
    _worst: dict[tuple[datetime, tuple[int, ...]], _Rates] = field(default_factory=dict, compare=False, repr=False)
    _kept: dict[tuple[datetime, int], _Rates] = field(default_factory=dict, compare=False, repr=False)

    def cost_usd(self, tokens: Tokens, at: datetime) -> Decimal:
        rates = self._rates(at, tokens.prompt)
        cached, reasoning = min(tokens.cached, tokens.prompt), min(tokens.reasoning, tokens.completion)
        prompt = (tokens.prompt - cached) * rates.prompt + cached * rates.read
        return rates.once + prompt + (tokens.completion - reasoning) * rates.made + reasoning * rates.reasoned

    def most_usd(self, tokens: Tokens, at: datetime) -> Decimal:
        """Over all hours of the day, whatever is cached, and in every tier of prompt lengths that may be reached."""
        starts = (0, *(start for start in self._starts() if start < tokens.prompt))
        if (at, starts) not in self._worst:
            hours = range(25) if isinstance(self.model.prices, list) else range(1)
            rates = [self._rates(at + timedelta(hours=number), start + 1) for number in hours for start in starts]
            self._worst[at, starts] = _Rates(*(max(column) for column in zip(*map(astuple, rates), strict=True)))
        return _most(self._worst[at, starts], tokens)

    def _rates(self, at: datetime, prompt: int) -> _Rates:
        minute, start = at.replace(second=0, microsecond=0), max((s for s in self._starts() if s < prompt), default=0)
        if (minute, start) not in self._kept:
            price = self.model.get_prices(minute, self.context or None)
            self._kept[minute, start] = _rates(price, start + 1)
        return self._kept[minute, start]

    def _starts(self) -> tuple[int, ...]:
        """Lengths of prompts beyond which all tokens have another price."""
        if not self._known_starts:
            prices = self.model.prices if isinstance(self.model.prices, list) else [self.model]
            self._known_starts.append(tuple(sorted({start for one in prices for start in _tiers(one.prices)})))
        return self._known_starts[0]

    _known_starts: list[tuple[int, ...]] = field(default_factory=list, compare=False, repr=False)


def listed(kind: str, model: str, *, base_url: str | None = None, extra: Mapping[str, Any], at: datetime) -> ListTariff:
    """`kind` is the provider's type, `model` the name that is asked for. Raises NoPrice."""
    if kind not in PROVIDERS:
        raise NoPrice(f"there is no list of prices for providers of type {kind}")
    provider, found = _found(PROVIDERS[kind], model)
    _require_there(model, at)
    context = _context(found, model, extra, at)
    _require_whole(found.get_prices(at, context or None), model)
    notes = tuple(_notes(provider, found, base_url, extra, at))
    return ListTariff(f"{price_set()}: {provider.id}/{found.id}", notes, found, context)


@cache
def price_set() -> PriceSet:
    """Raises NoList."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        known = version(PACKAGE)
    except PackageNotFoundError:
        raise NoList("the list of prices is not installed: pip install 'benchfleet[runner]'") from None
    return PriceSet(PACKAGE, known, RELEASED.get(known))


def _found(provider: str, model: str) -> tuple["Provider", "ModelInfo"]:
    known = price_set()
    from genai_prices.data_snapshot import get_snapshot

    try:
        return get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        raise NoPrice(f"{known} has no price of {provider}/{model}") from None


def _require_there(model: str, at: datetime) -> None:
    """Names of models hold the day on which they came out."""
    named = _DATED.search(model)
    if named and at.date() < date(*map(int, named.groups())):
        raise NoPrice(f"{model} was not there on {at.date()}, so it had no price")


def _context(found: "ModelInfo", model: str, extra: Mapping[str, Any], at: datetime) -> dict[str, str]:
    """The tiers that are asked for and change the price. Each must be in the list, with a price for all that is billed."""
    wanted = {name: str(extra[name]) for name in TIERS if extra.get(name) is not None}
    context = {name: value for name, value in wanted.items() if value not in _USUAL}
    active = [one for one in found.price_variants or () if one.constraint is None or one.constraint.active(at)]
    fitting = [one for one in active if all(context.get(name) == value for name, value in one.when.items())]
    changed = {key for one in fitting for key, value in one.prices.__dict__.items() if value is not None}
    told = {name for one in fitting for name in one.when}
    for name, value in context.items():
        if name not in told or not changed.issuperset(_NEEDED):
            raise NoPrice(f"{price_set()} has no price of {model} with {name} {value}")
    return context


def _require_whole(price: "ModelPrice", model: str) -> None:
    missing = [name for name in _NEEDED if getattr(price, name) is None]
    if missing:
        raise NoPrice(f"{price_set()} does not price {model} by tokens of prompt and answer")


def _notes(
    provider: "Provider", found: "ModelInfo", base_url: str | None, extra: Mapping[str, Any], at: datetime
) -> Iterator[str]:
    known = price_set()
    if base_url and not re.match(provider.api_pattern, base_url):
        yield f"it is called at an address of its own, and priced as {provider.id} prices {found.id}"
    if not any(found is one for one in provider.models):
        yield f"{provider.id} has no price of its own for {found.id}: that of its maker is taken"
    if any(extra.get(name) == "auto" for name in TIERS):
        yield "with the tier auto the provider may bill another price than the usual one"
    if "cache_control" in json.dumps(dict(extra)):
        yield "prompts that are written to a cache are priced like others"
    if known.dated and at.date() < known.dated and not _since(found, at):
        yield f"{known} does not say since when {found.id} has had this price"
    if known.dated and (at.date() - known.dated).days > OLD_DAYS:
        yield f"{known} is {(at.date() - known.dated).days} days old"


def _since(found: "ModelInfo", at: datetime) -> bool:
    """Does a dated price hold at this time?"""
    dated = [one.constraint for one in found.prices] if isinstance(found.prices, list) else []
    return any(getattr(one, "start_date", date.max) <= at.date() for one in dated)


def _tiers(price: Any) -> Iterator[int]:
    return (tier.start for value in price.__dict__.values() for tier in getattr(value, "tiers", ()))


def _rates(price: "ModelPrice", prompt: int) -> _Rates:
    once, alone = _cost(price), _cost(price, input_tokens=prompt)
    read, written = (_cost(price, input_tokens=prompt, **{name: prompt}) for name in _CACHE)
    made = _cost(price, input_tokens=prompt, output_tokens=1)
    reasoned = _cost(price, input_tokens=prompt, output_tokens=1, output_reasoning_tokens=1)
    of_prompt = [(cost - once) / prompt for cost in (alone, read, written)]
    return _Rates(once, of_prompt[0], of_prompt[1], of_prompt[2], made - alone, reasoned - alone)


def _most(rates: _Rates, tokens: Tokens) -> Decimal:
    prompt, made = max(rates.prompt, rates.read, rates.written), max(rates.made, rates.reasoned)
    return rates.once + tokens.prompt * prompt + tokens.completion * made


def _cost(price: "ModelPrice", **counts: int) -> Decimal:
    from genai_prices.types import Usage

    try:
        return price.calc_price(Usage(**counts))["total_price"]
    except ValueError as error:
        raise NoPrice(f"{price_set()}: {error}") from None
