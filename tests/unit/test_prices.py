"""Lists of prices: what is read, which of several counts, and the sum for a machine."""

import json
from decimal import Decimal
from typing import Any

import pytest
from benchfleet_results.prices.books import MAX_USD, Book, InvalidPrices, PriceBooks, Quote, document, of_document
from benchfleet_results.prices.machines import hourly, machine_quote
from benchfleet_results.prices.shipped import shipped

from chalicelib.archive.errors import ObjectMissing, StorageError
from chalicelib.archive.layout import PRICES_KEY
from chalicelib.wiring.prices import CACHED_MS, PublishedPrices
from tests.each_case import each_case

HERE = "us-east-1"
REGIONS = (HERE, "us-west-2", "eu-central-1", "eu-west-1", "ap-northeast-1")


def book(usd: str, *, day: str = "2026-11-01", market: Any = "on-demand", name: str = "a.large") -> Book:
    return Book(HERE, market, "hand", day, {name: Decimal(usd)})


def entry(**changes: Any) -> dict[str, Any]:
    fine = {
        "region": HERE,
        "market": "spot",
        "source": "hand",
        "date": "2026-11-01",
        "usd": {"a.large": "0.1"},
    }
    return fine | changes


def whole(*books: Any) -> dict[str, Any]:
    return {"version": 1, "currency": "USD", "books": list(books)}


def test_of_several_prices_that_of_the_latest_day_counts_whatever_the_order() -> None:
    old, new = book("1"), book("2", day="2026-11-02")
    for books in ((old, new), (new, old)):
        assert PriceBooks(books).find(HERE, "a.large", "on-demand") == Quote(Decimal(2), "hand", "2026-11-02")
    assert PriceBooks((old, new)).newest().books == (new,)
    assert PriceBooks((book("1"), book("3"))).find(HERE, "a.large", "on-demand") == Quote(
        Decimal(3), "hand", "2026-11-01"
    )
    assert PriceBooks((old,)).find(HERE, "a.large", "spot") is None
    assert PriceBooks((old,)).find("eu-west-1", "a.large", "on-demand") is None


def test_a_document_is_read_as_it_was_written() -> None:
    assert of_document(json.loads(json.dumps(document(shipped())))) == shipped()
    assert document(PriceBooks((book("0.00000001"),)))["books"][0]["usd"] == {"a.large": "0.00000001"}


@each_case(
    ("value", "words"),
    [
        ([], "a list of prices is an object"),
        ({"books": {}}, "a list of prices is an object"),
        ({"version": 2, "currency": "EUR", "books": []}, "version is 2, must be 1; currency is 'EUR', must be 'USD'"),
        (whole(7), "book 1: must be an object with `region`"),
        (whole(entry(), entry(usd=[])), "book 2: must be an object with `region`"),
        (whole(entry(region="")), "region is '', must be a text"),
        (whole(entry(market="reserved")), "market is 'reserved', must be one of on-demand, spot, parts, services"),
        (whole(entry(market=["spot"])), "market is \\['spot'\\]"),
        (whole(entry(date="2026-1-1")), "date is '2026-1-1', must be a day such as"),
        (whole(entry(date=20260101)), "date is 20260101"),
        (whole(entry(usd={"a b": "1"})), "'a b' is no name of a machine or service"),
        (whole(entry(usd={"a": 0.1})), "a costs 0.1, must be a decimal text above 0"),
        (whole(entry(usd={"a": "0"})), "a costs '0'"),
        (whole(entry(usd={"a": "-1"})), "a costs '-1'"),
        (whole(entry(usd={"a": "NaN"})), "a costs 'NaN'"),
        (whole(entry(usd={"a": "Infinity"})), "a costs 'Infinity'"),
        (whole(entry(usd={"a": "x"})), "a costs 'x'"),
        (whole(entry(usd={"a": str(MAX_USD + 1)})), "at most 10000"),
    ],
)
def test_what_is_no_list_of_prices_is_refused_with_its_place(value: Any, words: str) -> None:
    with pytest.raises(InvalidPrices, match=words):
        of_document(value)


def test_the_shipped_prices_name_their_source_and_have_the_machines_of_the_shipped_configs() -> None:
    prices = shipped()
    assert all(each.source and each.date for each in prices.books)
    assert set(prices.regions) == set(REGIONS)
    for region in REGIONS:
        for name in ("c8g.medium", "c7g.medium", "c6g.medium", "c8a.medium", "c6i.large", "t3.medium"):
            assert hourly(prices, region, name, disk_gb=30) is not None, (region, name)
        assert hourly(prices, region, "fargate-1vcpu-2gb-arm64") is not None
    for name in ("c8g.medium", "c7g.medium", "c6g.medium", "c8i.large"):  # configs/aws-example.yaml
        assert hourly(prices, HERE, name) is not None


def test_a_spot_price_is_never_above_the_one_on_demand() -> None:
    for region in REGIONS:
        for name in shipped().names(region, "spot"):
            spot, on_demand = (shipped().find(region, name, market) for market in ("spot", "on-demand"))
            assert spot is not None
            assert on_demand is not None
            assert 0 < spot.usd < on_demand.usd, (region, name)


def test_an_hour_of_an_instance_is_its_own_price_with_disk_and_address() -> None:
    found = hourly(shipped(), HERE, "c8g.medium", disk_gb=73)
    assert found is not None
    assert (found.machine.usd, found.disk, found.address) == (
        Decimal("0.03988"),
        Decimal("0.008"),
        Decimal("0.005"),
    )
    assert found.usd == Decimal("0.05288")
    assert not found.bound


@each_case(
    ("name", "disk_gb", "usd"),
    [
        ("fargate-1vcpu-2gb", 20, "0.05437"),  # 0.04048 + 2 * 0.004445 + 0.005
        ("fargate-2vcpu-4gb-arm64", 0, "0.084"),  # 2 * 0.03238 + 4 * 0.00356 + 0.005
        ("fargate-0.25vcpu-0.5gb", 30, "0.0184525"),  # with 10 GB of storage beyond the 20
    ],
)
def test_an_hour_of_a_task_of_fargate_is_its_cpu_and_memory(name: str, disk_gb: int, usd: str) -> None:
    found = hourly(shipped(), HERE, name, disk_gb=disk_gb)
    assert found is not None
    assert found.usd == Decimal(usd)


def test_what_is_not_known_has_no_price_and_a_spot_price_that_is_not_is_bound_by_the_one_on_demand() -> None:
    prices = shipped()
    assert hourly(prices, HERE, "z9.huge") is None
    assert hourly(prices, "sa-east-1", "c8g.medium") is None
    assert hourly(PriceBooks((book("1"),)), HERE, "a.large") is None  # nobody knows what its address costs
    quote, bound = machine_quote(prices, HERE, "m7g.large", "spot")
    assert bound
    assert quote == machine_quote(prices, HERE, "m7g.large", "on-demand")[0]
    quote, bound = machine_quote(prices, HERE, "c8g.medium", "spot")
    assert not bound
    assert quote is not None
    assert quote.usd == Decimal("0.0162")
    assert machine_quote(prices, HERE, "z9.huge", "spot")[0] is None


class Bucket:
    """One object, or what reading it raises."""

    def __init__(self, content: bytes | Exception) -> None:
        self.content = content
        self.reads: list[str] = []

    def read(self, key: str, *, max_bytes: int) -> bytes:
        self.reads.append(key)
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


def asked(prices: PublishedPrices, name: str = "a.large") -> Decimal | None:
    found = prices.find(HERE, name, "on-demand", disk_gb=0)
    return None if found is None else found.hourly


def test_published_prices_count_beside_the_shipped_ones_where_they_are_newer() -> None:
    newer = Book(
        HERE,
        "on-demand",
        "AWS Price List API",
        "2026-11-29",
        {"c8g.medium": Decimal("0.05"), "a.large": Decimal(1)},
    )
    older = Book(HERE, "on-demand", "old", "2020-01-01", {"c7g.medium": Decimal(9)})
    bucket = Bucket(json.dumps(document(PriceBooks((newer, older)))).encode())
    prices = PublishedPrices(lambda: bucket, lambda: 0)
    assert (asked(prices), asked(prices, "c8g.medium")) == (Decimal("1.005"), Decimal("0.055"))
    assert asked(prices, "c7g.medium") == Decimal("0.0413")
    assert bucket.reads == [PRICES_KEY]


@each_case(
    "content",
    [
        ObjectMissing("gone"),
        StorageError("no permission"),
        b"{",
        b"\xff",
        b'{"version": 1}',
    ],
)
def test_what_cannot_be_read_of_the_published_prices_leaves_the_shipped_ones(content: bytes | Exception) -> None:
    prices = PublishedPrices(lambda: Bucket(content), lambda: 0)
    assert (asked(prices), asked(prices, "c8g.medium")) == (None, Decimal("0.04488"))


def test_published_prices_are_read_again_after_five_minutes() -> None:
    now = [0]
    bucket = Bucket(ObjectMissing("not yet"))
    prices = PublishedPrices(lambda: bucket, lambda: now[0])
    assert asked(prices) is None
    bucket.content = json.dumps(document(PriceBooks((book("1"),)))).encode()
    now[0] = CACHED_MS
    assert asked(prices) is None
    now[0] += 1
    assert asked(prices) == Decimal("1.005")
