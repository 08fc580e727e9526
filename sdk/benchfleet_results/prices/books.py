"""Lists of prices with their source and date, as JSON, and how several are read as one.

    {"version": 1, "currency": "USD", "books": [{"region": "us-east-1", "market": "on-demand", "source": "AWS Price List API",
     "date": "2026-11-29", "usd": {"c8g.medium": "0.03988"}}]}

`market` is on-demand or spot: USD an hour, by instance type. `parts` and `services`: what else costs, the unit in its name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, Literal, get_args

Market = Literal["on-demand", "spot", "parts", "services"]
MARKETS: tuple[Market, ...] = get_args(Market)
VERSION = 1
MAX_BYTES = 1024 * 1024  # of a document
MAX_USD = Decimal(10_000)  # of one entry: the dearest machine costs a few hundred an hour
_NAME = re.compile(r"[a-z0-9][A-Za-z0-9._-]{0,79}")


class InvalidPrices(ValueError):
    """Not a list of prices. `problems` has all that is wrong, each with its place."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True)
class Book:
    """Prices of one region and market that one source told on one day, ISO 8601. `usd` by name."""

    region: str
    market: Market
    source: str
    date: str
    usd: Mapping[str, Decimal]


@dataclass(frozen=True)
class Quote:
    """One price, with who said so on which day."""

    usd: Decimal
    source: str
    date: str


@dataclass(frozen=True)
class PriceBooks:
    """Of several prices for the same, that of the latest day counts; of one day, that of the later book."""

    books: tuple[Book, ...] = ()

    def find(self, region: str, name: str, market: Market) -> Quote | None:
        """None where it is not known."""
        return self._quotes.get((region, name, market))

    def names(self, region: str, market: Market) -> list[str]:
        """What has a price there."""
        return sorted(name for at, name, of in self._quotes if (at, of) == (region, market))

    @property
    def regions(self) -> list[str]:
        return sorted({book.region for book in self.books})

    def with_books(self, books: Iterable[Book]) -> "PriceBooks":
        return PriceBooks((*self.books, *books))

    def newest(self) -> "PriceBooks":
        """Only the prices that count."""
        kept: dict[tuple[str, Market, str, str], dict[str, Decimal]] = {}
        for (region, name, market), quote in self._quotes.items():
            kept.setdefault((region, market, quote.source, quote.date), {})[name] = quote.usd
        return PriceBooks(tuple(Book(*key, usd) for key, usd in kept.items()))

    @cached_property
    def _quotes(self) -> Mapping[tuple[str, str, Market], Quote]:
        found: dict[tuple[str, str, Market], Quote] = {}
        for book in sorted(self.books, key=lambda each: each.date):
            for name, usd in book.usd.items():
                found[book.region, name, book.market] = Quote(usd, book.source, book.date)
        return found


def document(prices: PriceBooks) -> dict[str, Any]:
    """As JSON. Amounts are text: 0.1 is no binary fraction."""
    books = [
        {"region": it.region, "market": it.market, "source": it.source, "date": it.date,
         "usd": {name: format(usd, "f") for name, usd in sorted(it.usd.items())}}
        for it in prices.books
    ]  # fmt: skip
    return {"version": VERSION, "currency": "USD", "books": books}


def of_document(value: Any) -> PriceBooks:
    """Raises InvalidPrices with everything that is wrong."""
    if not isinstance(value, dict) or not isinstance(value.get("books"), list):
        raise InvalidPrices(["a list of prices is an object with `version`, `currency` and `books`"])
    problems = [
        f"{name} is {value.get(name)!r}, must be {wanted!r}"
        for name, wanted in (("version", VERSION), ("currency", "USD"))
        if value.get(name) != wanted
    ]
    books = []
    for number, entry in enumerate(value["books"], start=1):
        found = list(_wrong(entry))
        problems += [f"book {number}: {problem}" for problem in found]
        if not found:
            usd = {name: Decimal(amount) for name, amount in entry["usd"].items()}
            books.append(Book(entry["region"], entry["market"], entry["source"], entry["date"], usd))
    if problems:
        raise InvalidPrices(problems)
    return PriceBooks(tuple(books))


def _wrong(entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict) or not isinstance(entry.get("usd"), dict):
        yield "must be an object with `region`, `market`, `source`, `date` and `usd`"
        return
    for name in ("region", "source"):
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            yield f"{name} is {entry.get(name)!r}, must be a text"
    if entry.get("market") not in MARKETS:
        yield f"market is {entry.get('market')!r}, must be one of {', '.join(MARKETS)}"
    if not _is_day(entry.get("date")):
        yield f"date is {entry.get('date')!r}, must be a day such as 2026-11-29"
    yield from (f"{name!r} is no name of a machine or service" for name in entry["usd"] if not _NAME.fullmatch(name))
    for name, amount in entry["usd"].items():
        if not _is_amount(amount):
            yield f"{name} costs {amount!r}, must be a decimal text above 0 and at most {MAX_USD}"


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_amount(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) <= 40 and 0 < Decimal(value) <= MAX_USD
    except InvalidOperation:
        return False
