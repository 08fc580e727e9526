"""Prices asked of AWS's own interfaces, on the loopback: what is taken, what is refused, what is published."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.exceptions import ConfigError, DiskError
from benchfleet.exit_codes import AUTH
from benchfleet.prices.kept import keep_prices, kept_prices, known_prices
from benchfleet.repricing.publishing import KEY, publish
from benchfleet.repricing.updating import Renewed, renewed
from benchfleet_results.prices.books import Book, PriceBooks, of_document
from benchfleet_results.prices.machines import hourly

from chalicelib.archive.layout import PRICES_KEY
from tests.integration.command_line import command_line
from tests.integration.price_server import Prices, instance, serving, used

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
NORTH, EAST = "eu-north-1", "us-east-1"


@pytest.fixture
def prices() -> Iterator[Prices]:
    ec2 = [
        instance("c8g.medium", EAST, "0.0500000000", operatingSystem="Windows"),
        instance("c8g.medium", EAST, "0.0000000000"),
        instance("c8g.medium", EAST, "0.0410000000"),
        instance("c8g.medium", NORTH, "0.0425500000"),
        used("EUN1-EBS:VolumeUsage.gp3", NORTH, "0.0836000000", "GB-Mo", volumeApiName="gp3"),
        used("EBS:VolumeUsage.gp3", EAST, "0.0800000000", "GB-Mo", volumeApiName="gp3"),
    ]
    ecs = [
        used("EUN1-Fargate-Windows-vCPU-Hours:perCPU", NORTH, "0.1", "hours"),
        used("EUN1-Fargate-ARM-vCPU-Hours:perCPU", NORTH, "0.0356", "hours"),
        used("EUN1-Fargate-vCPU-Hours:perCPU", NORTH, "0.0445", "hours"),
        used("EUN1-Fargate-GB-Hours", NORTH, "0.0049", "hours"),
    ]
    vpc = [
        used("EUN1-PublicIPv4:IdleAddress", NORTH, "0.004", "Hrs", group="VPCPublicIPv4Address"),
        used("EUN1-PublicIPv4:InUseAddress", NORTH, "0.0050000000", "Hrs", group="VPCPublicIPv4Address"),
    ]
    spot = [
        ("c8g.medium", "eu-north-1a", "2026-11-29T11:00:00.000Z", "0.009000"),
        ("c8g.medium", "eu-north-1b", "2026-11-29T10:00:00.000Z", "0.030000"),
        ("c8g.medium", "eu-north-1b", "2026-11-29T11:30:00.000Z", "0.012000"),
    ]
    with serving(Prices({"AmazonEC2": ec2, "AmazonECS": ecs, "AmazonVPC": vpc}, spot)) as made:
        yield made


def ask(prices: Prices, *types: str, regions: tuple[str, ...] = (NORTH,)) -> Renewed:
    return renewed(Aws(session=prices), regions, types, now=NOW, tell=lambda words: None)


def test_prices_of_a_region_that_nobody_knew_are_complete(prices: Prices) -> None:
    found = ask(prices, "c8g.medium", "fargate-1vcpu-2gb")
    assert found.missing == ()
    books = PriceBooks(found.books)
    on_demand, spot = (hourly(books, NORTH, "c8g.medium", market=each, disk_gb=30) for each in ("on-demand", "spot"))
    assert on_demand is not None
    assert spot is not None
    assert (on_demand.machine.usd, on_demand.machine.source, on_demand.machine.date) == (
        Decimal("0.04255"), "AWS Price List API", "2026-11-29",
    )  # fmt: skip
    assert on_demand.address == Decimal("0.005")
    assert on_demand.disk == Decimal("0.0836") * 30 / 730
    assert (spot.machine.usd, spot.bound) == (Decimal("0.012"), False)  # of the zone that is dearest now
    task = hourly(books, NORTH, "fargate-1vcpu-2gb")
    assert task is not None
    assert task.usd == Decimal("0.0593")  # 0.0445 + 2 * 0.0049 + 0.005


def test_what_costs_nothing_or_runs_windows_is_not_taken(prices: Prices) -> None:
    books = PriceBooks(ask(prices, "c8g.medium", regions=(EAST,)).books)
    found = books.find(EAST, "c8g.medium", "on-demand")
    assert found is not None
    assert found.usd == Decimal("0.041")
    assert books.names(EAST, "parts") == ["ebs-gp3-gb-month"]


def test_a_type_that_a_region_has_not_is_named(prices: Prices) -> None:
    found = ask(prices, "c8g.medium", "z9.huge", regions=(NORTH, EAST))
    assert found.missing == ((NORTH, "z9.huge"), (EAST, "z9.huge"))


@pytest.mark.parametrize(
    ("refusal", "words", "exit_code"),
    [
        (("ExpiredTokenException", "The security token is expired", 400), "credentials have expired", AUTH),
        (("ThrottlingException", "Rate exceeded", 400), "too busy while asking the Price List API", 3),
        (
            ("AccessDeniedException", "User: arn:aws:iam::1:user/me is not authorized to perform: pricing:GetProducts", 400),
            "arn:aws:iam::1:user/me lacks the permission pricing:GetProducts",
            AUTH,
        ),
    ],
)  # fmt: skip
def test_what_aws_refuses_is_told_with_its_remedy(
    prices: Prices, refusal: tuple[str, str, int], words: str, exit_code: int
) -> None:
    prices.refuse = refusal
    with pytest.raises(DeployError, match=words) as refused:
        ask(prices, "c8g.medium")
    assert refused.value.exit_code == exit_code
    assert refused.value.remedy


def test_what_was_asked_is_kept_and_counts_beside_the_shipped_prices(prices: Prices, tmp_path: Path) -> None:
    file = tmp_path / "data" / "prices.json"
    assert known_prices(file).find(EAST, "c8g.medium", "on-demand") != kept_prices(file).find(
        EAST, "c8g.medium", "spot"
    )
    keep_prices(file, PriceBooks(ask(prices, "c8g.medium", regions=(EAST,)).books))
    newer, shipped = (known_prices(file).find(EAST, name, "on-demand") for name in ("c8g.medium", "c7g.medium"))
    assert newer is not None
    assert shipped is not None
    assert (newer.usd, newer.date, shipped.date) == (Decimal("0.041"), "2026-11-29", "2026-07-20")


def test_a_file_that_holds_no_prices_is_told_and_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    for text, words in (
        ("{", "is not JSON"),
        ("[]", "is no list of prices; remove it, or mend:\n  a list of prices is"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError, match=words):
            known_prices(file)
    with pytest.raises(DiskError, match="nothing was changed"):
        keep_prices(file / "below.json", PriceBooks())


def test_prices_are_published_as_one_object_where_the_control_plane_reads_them(prices: Prices) -> None:
    assert KEY == PRICES_KEY
    old = Book(EAST, "on-demand", "hand", "2026-01-01", {"a.large": Decimal(1)})
    new = Book(EAST, "on-demand", "hand", "2026-01-02", {"a.large": Decimal(2)})
    assert publish(Aws(session=prices), "dev", PriceBooks((old, new))) == "s3://benchfleet-dev-1/prices/aws.json"
    (body,) = prices.put.values()
    assert of_document(json.loads(_unchunked(body))) == PriceBooks((new,))


def test_without_a_stack_nothing_is_published(prices: Prices) -> None:
    prices.bucket = None
    with pytest.raises(DeployError, match=r"no stack benchfleet-dev in us-east-1.*`benchfleet deploy --stage dev`"):
        publish(Aws(session=prices), "dev", PriceBooks())
    assert prices.put == {}


def _unchunked(body: bytes) -> bytes:
    """The data of a body that botocore may have sent in chunks with a checksum behind."""
    return body if body.startswith(b"{") else body.split(b"\r\n")[1]


@pytest.mark.proof
def test_the_command_keeps_publishes_and_lists(
    prices: Prices, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": prices.url, "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_REGION": EAST,
        "BENCHFLEET_PRICES": str(tmp_path / "prices.json"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    call = command_line(capsys)
    found = call("prices", "update", "--region", NORTH, "--type", "c8g.medium", "--publish", "--json").document()
    assert (found["updated"], found["missing"]) == (7, [])
    assert found["published"] == "s3://benchfleet-dev-1/prices/aws.json"
    assert list(prices.put) == ["/benchfleet-dev-1/prices/aws.json"]
    listed = call("prices", "list", "--region", NORTH, "--type", "c8g.medium")
    assert [line.split()[1:4] for line in listed.out.splitlines()[1:]] == [
        ["c8g.medium", "on-demand", "0.04255"],
        ["c8g.medium", "spot", "0.012"],
    ]
    refused = call("prices", "update", "--region", NORTH, "--type", "z9.huge")
    assert (refused.code, "AWS has no instance type z9.huge in eu-north-1; nothing was changed" in refused.err) == (
        2,
        True,
    )
