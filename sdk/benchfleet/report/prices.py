"""The price table: a TOML or CSV file. What it does not name has no price, which is not the same as costing nothing."""

import csv
import io
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from benchfleet_results.reading import usable

from benchfleet.documents.bounded import read_text
from benchfleet.exceptions import ConfigError

MAX_BYTES = 16 * 1024 * 1024
_NEEDED = ("provider", "instance_type", "usd_per_hour", "source", "date")
Kind = Literal["on-demand", "spot", "reserved"]
KINDS: tuple[Kind, ...] = get_args(Kind)
USUAL: Kind = "on-demand"
AUTO, HOME = "auto", "us-east-1"
MARKETS: tuple[Literal["on-demand", "spot"], ...] = ("on-demand", "spot")


@dataclass(frozen=True)
class Price:
    """In US dollars. `date` is the day on which `source` said so, as ISO 8601."""

    provider: str
    instance_type: str
    usd_per_hour: float
    source: str
    date: str
    kind: Kind = USUAL


@dataclass(frozen=True)
class PriceTable:
    """At most one price for each provider, instance type and kind."""

    prices: tuple[Price, ...] = ()

    @property
    def kinds(self) -> list[Kind]:
        """That it has, on-demand first."""
        return [kind for kind in KINDS if any(price.kind == kind for price in self.prices)]

    def find(self, provider: str, instance_types: Sequence[str], kind: Kind = USUAL) -> Price | None:
        """None without a price, and where a group holds several instance types: none of their prices would be its own."""
        return self._by_name.get((provider, instance_types[0], kind)) if len(instance_types) == 1 else None

    @cached_property
    def _by_name(self) -> dict[tuple[str, str, Kind], Price]:
        return {(one.provider, one.instance_type, one.kind): one for one in self.prices}


def named(word: str | None) -> PriceTable:
    """What `--prices` names: a file, or `auto` or `auto:REGION` for the prices that this machine knows of AWS.

    Nothing is an empty table. Raises ConfigError as `load` does, and where a region has no prices.
    """
    if word is None:
        return PriceTable()
    if word == AUTO or word.startswith(f"{AUTO}:"):
        return known(word.removeprefix(AUTO).removeprefix(":"))
    return load(Path(word))


def known(region: str, *, environ: Mapping[str, str] = os.environ) -> PriceTable:
    """Of AWS's machines in a region; of none named: that of $AWS_REGION, else us-east-1. The machine alone, without its disk."""
    from benchfleet.prices.kept import file_of, known_prices

    named = region or environ.get("AWS_REGION") or HOME
    books = known_prices(file_of(environ))
    prices = [
        Price("aws", name, float(quote.usd), f"{quote.source}, {named}", quote.date, market)
        for market in MARKETS
        for name in books.names(named, market)
        if (quote := books.find(named, name, market)) is not None
    ]
    if not prices:
        words = f"no prices of {named} are known, only of {', '.join(books.regions)}"
        raise ConfigError(f"{words}; `benchfleet prices update --region {named}` asks AWS for them")
    return PriceTable(tuple(prices))


def load(path: Path) -> PriceTable:
    """`[[price]]` tables of a .toml file, or rows of a .csv file with a header, each with the fields of `Price`.

    `kind` may be left out (or blank): then the price is on-demand. Raises ConfigError with everything that is wrong.
    """
    entries = _csv(path) if path.suffix.lower() == ".csv" else _toml(path)
    problems: list[str] = []
    prices: dict[tuple[str, str, Kind], Price] = {}
    for number, entry in enumerate(entries, start=1):
        price = _price(entry, f"price {number}", problems)
        if price and (price.provider, price.instance_type, price.kind) in prices:
            what = f"{price.provider} {price.instance_type} has {_article(price.kind)} price"
            problems.append(f"price {number}: {what} already: keep one")
        elif price:
            prices[price.provider, price.instance_type, price.kind] = price
    if problems:
        raise ConfigError(f"{path} is not a usable price table:\n" + "\n".join(f"  {problem}" for problem in problems))
    return PriceTable(tuple(prices.values()))


def _article(kind: Kind) -> str:
    return f"{'an' if kind == USUAL else 'a'} {kind}"


def _toml(path: Path) -> list[Any]:
    try:
        entries = tomllib.loads(read_text(path, what="price table", most_bytes=MAX_BYTES)).get("price")
    except RecursionError as error:
        raise ConfigError(f"{path} is not TOML: nested too deeply: see configs/prices-example.toml") from error
    except (
        ValueError
    ) as error:  # of numbers with thousands of digits, too, which the parser does not call a syntax error
        raise ConfigError(f"{path} is not TOML: {error}") from error
    if not isinstance(entries, list):
        raise ConfigError(f"{path} has no [[price]] table: see configs/prices-example.toml")
    return entries


def _csv(path: Path) -> list[Any]:
    reader = csv.DictReader(io.StringIO(read_text(path, what="price table", most_bytes=MAX_BYTES), newline=""))
    absent = [name for name in _NEEDED if name not in (reader.fieldnames or [])]
    if absent:
        raise ConfigError(
            f"{path} lacks the columns {', '.join(absent)}: its first line must name {', '.join(_NEEDED)}"
        )
    try:
        return list(reader)
    except csv.Error as error:
        raise ConfigError(f"{path}, line {reader.line_num}, is not CSV: {error}; is a quote missing?") from error


def _price(entry: Any, where: str, problems: list[str]) -> Price | None:
    if not isinstance(entry, dict):
        problems.append(f"{where}: must be a table with {', '.join(_NEEDED)}")
        return None
    absent = [name for name in _NEEDED if entry.get(name) in (None, "")]
    if absent:
        problems.append(f"{where}: lacks {', '.join(absent)}; leave the whole price out if it is not known")
        return None
    day, cost, kind = _day(entry["date"]), _cost(entry["usd_per_hour"]), str(entry.get("kind") or USUAL)
    if day is None:
        problems.append(f"{where}: date is {entry['date']!r}, must be a day such as 2026-11-22")
    if cost is None:
        words = "must be a number above 0; leave the whole price out if it is not known"
        problems.append(f"{where}: usd_per_hour is {entry['usd_per_hour']!r}, {words}")
    if kind not in KINDS:
        problems.append(f"{where}: kind is {kind!r}, must be {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    if day is None or cost is None or kind not in KINDS:
        return None
    names = str(entry["provider"]), str(entry["instance_type"])
    return Price(*names, cost, str(entry["source"]), day, kind)


def _cost(value: Any) -> float | None:
    try:
        cost = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return cost if not isinstance(value, bool) and cost > 0 and usable(cost) else None


def _day(value: Any) -> str | None:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(str(value).strip()).isoformat()
    except ValueError:
        return None
