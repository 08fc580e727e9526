"""AWS's Price List API, EC2's spot prices, one stack and a bucket, as their clients see them on the loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import boto3
from botocore.config import Config

PAGE = 2
_EC2 = "http://ec2.amazonaws.com/doc/2016-11-15/"
_CF = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


def product(attributes: dict[str, str], usd: str, unit: str = "Hrs") -> dict[str, Any]:
    """As the Price List API writes one, with a reservation beside that must not be taken."""
    dimension = {"unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": usd}}
    reserved = {**dimension, "pricePerUnit": {"USD": "0.0000100000"}}
    return {
        "product": {"productFamily": "Compute Instance", "attributes": attributes, "sku": "ABC"},
        "serviceCode": "AmazonEC2",
        "terms": {
            "OnDemand": {"ABC.JRTCKXETXF": {"priceDimensions": {"ABC.JRTCKXETXF.6YS6EN2CT7": dimension}}},
            "Reserved": {"ABC.38NPMPTW36": {"priceDimensions": {"ABC.38NPMPTW36.2TG2D8R56U": reserved}}},
        },
        "version": "20261128000000",
        "publicationDate": "2026-11-28T00:00:00Z",
    }


def instance(name: str, region: str, usd: str, **changes: str) -> dict[str, Any]:
    kind = {"operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used"}
    return product({"instanceType": name, "regionCode": region, **kind, **changes}, usd)


def used(usage: str, region: str, usd: str, unit: str, **more: str) -> dict[str, Any]:
    return product({"usagetype": usage, "regionCode": region, **more}, usd, unit)


@dataclass
class Prices:
    """`products` by service; `spot`: (type, zone, time, price). `refuse`: code and message of the next Price List answers."""

    products: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    spot: list[tuple[str, str, str, str]] = field(default_factory=list)
    bucket: str | None = "benchfleet-dev-1"
    refuse: tuple[str, str, int] | None = None
    put: dict[str, bytes] = field(default_factory=dict)
    url: str = ""

    # as a session of boto3
    region_name = "us-east-1"

    def client(self, service: str, region_name: str, config: Config) -> Any:
        once: Any = {"mode": "standard", "total_max_attempts": 1}
        connect: Any = boto3.client
        return connect(
            service, region_name=region_name, endpoint_url=self.url, aws_access_key_id="AK", aws_secret_access_key="SK",
            config=config.merge(Config(retries=once, s3={"addressing_style": "path"})),
        )  # fmt: skip

    def listed(self, body: dict[str, Any]) -> dict[str, Any]:
        wanted = {each["Field"]: each["Value"] for each in body["Filters"]}
        matching = [
            it for it in self.products.get(body["ServiceCode"], [])
            if all(it["product"]["attributes"].get(name) == value for name, value in wanted.items())
        ]  # fmt: skip
        start = int(body.get("NextToken", "0"))
        more = {"NextToken": str(start + PAGE)} if start + PAGE < len(matching) else {}
        return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(it) for it in matching[start:][:PAGE]], **more}

    def history(self, form: dict[str, list[str]]) -> str:
        types = {value for name, (value,) in form.items() if name.startswith("InstanceType.")}
        items = "".join(
            f"<item><instanceType>{name}</instanceType><productDescription>Linux/UNIX</productDescription>"
            f"<spotPrice>{usd}</spotPrice><timestamp>{at}</timestamp><availabilityZone>{zone}</availabilityZone></item>"
            for name, zone, at, usd in self.spot
            if name in types and zone.startswith(form["_region"][0])
        )
        return (
            f'<DescribeSpotPriceHistoryResponse xmlns="{_EC2}"><spotPriceHistorySet>{items}</spotPriceHistorySet>'
            "<nextToken></nextToken></DescribeSpotPriceHistoryResponse>"
        )

    def stacks(self) -> tuple[int, str]:
        if self.bucket is None:
            error = "<Type>Sender</Type><Code>ValidationError</Code><Message>Stack does not exist</Message>"
            return 400, f'<ErrorResponse xmlns="{_CF}"><Error>{error}</Error></ErrorResponse>'
        output = f"<member><OutputKey>BucketName</OutputKey><OutputValue>{self.bucket}</OutputValue></member>"
        stack = (
            f"<member><StackName>benchfleet-dev</StackName><CreationTime>2026-11-01T00:00:00Z</CreationTime>"
            f"<StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{output}</Outputs></member>"
        )
        result = f"<DescribeStacksResult><Stacks>{stack}</Stacks></DescribeStacksResult>"
        return 200, f'<DescribeStacksResponse xmlns="{_CF}">{result}</DescribeStacksResponse>'


class Handler(BaseHTTPRequestHandler):
    prices: Prices

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("X-Amz-Target", "").endswith(".GetProducts"):
            self._products(json.loads(body))
            return
        form = parse_qs(body.decode(), keep_blank_values=True)
        form["_region"] = [self.headers["Authorization"].split("/")[2]]
        if form["Action"] == ["DescribeStacks"]:
            self._answer(*self.prices.stacks(), "text/xml")
        else:
            self._answer(200, self.prices.history(form), "text/xml")

    def _products(self, body: dict[str, Any]) -> None:
        if self.prices.refuse:
            code, message, status = self.prices.refuse
            self._answer(status, json.dumps({"__type": code, "message": message}), "application/x-amz-json-1.1")
            return
        self._answer(200, json.dumps(self.prices.listed(body)), "application/x-amz-json-1.1")

    def do_PUT(self) -> None:
        self.prices.put[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, "", "text/plain")

    def _answer(self, status: int, text: str, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(prices: Prices) -> Iterator[Prices]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OfThese", (Handler,), {"prices": prices}))
    prices.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield prices
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
