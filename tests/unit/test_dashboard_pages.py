"""The dashboard's two routes, without a browser: what they send, and what they refuse to send."""

import json
import re
from typing import Any

from chalice.test import Client, HTTPResponse

from app import app
from chalicelib.dashboard.assets import FOLDER, assets, version
from chalicelib.dashboard.page import shell
from tests.each_case import each_case

BAD = '"><script>alert(1)</script>'


def get(path: str, **headers: str) -> HTTPResponse:
    with Client(app) as client:
        return client.http.get(path, headers=headers)


def text_of(reply: HTTPResponse) -> str:
    return reply.body.decode()


def event(path: str, query: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """As API Gateway sends it; `path` is with the stage."""
    return {
        "requestContext": {"httpMethod": "GET", "resourcePath": "/", "path": path, "identity": {"sourceIp": "127.0.0.1"}},
        "multiValueQueryStringParameters": query, "headers": {}, "pathParameters": None, "stageVariables": None,
        "body": None, "isBase64Encoded": False,
    }  # fmt: skip


def test_the_page_is_html_without_any_right_to_run_what_is_not_ours() -> None:
    reply = get("/")
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(rule.split(" ", 1) for rule in reply.headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "connect-src": "'self'",
        "img-src": "'self' data:", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'", "trusted-types": "'none'",
    }  # fmt: skip
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"


def test_every_address_in_the_page_is_relative_and_there() -> None:
    """API Gateway serves the app below `/api/`."""
    addresses = re.findall(r'(?:src|href)="([^"]*)"', text_of(get("/")))
    assert len(addresses) > 10
    for address in addresses:
        assert not re.match(r"/|[a-z]+:", address), address
        if address.startswith("assets/"):
            assert get(f"/{address}").status_code == 200


def test_the_scripts_name_only_files_that_are_there() -> None:
    for name, asset in assets().items():
        imported = re.findall(r'from "\./([^"]+)"', asset.body)
        assert set(imported) <= set(assets()), name
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", asset.body), name


def test_a_run_id_from_the_address_is_escaped() -> None:
    page = shell(BAD)
    assert BAD not in page
    assert page.count("&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;") == 3
    assert "<script>" not in text_of(get(f"/?run_id={BAD.replace('/', '%2F')}"))


@each_case(
    ("path", "query", "location"),
    [
        ("/api", None, "./api/"),
        ("/api", {"run_id": ["a b/c"]}, "./api/?run_id=a%20b%2Fc"),
        ("//elsewhere.example", None, "./elsewhere.example/"),
    ],
)
def test_a_page_asked_for_without_its_slash_leads_to_the_one_with(
    path: str, query: dict[str, list[str]] | None, location: str
) -> None:
    reply = app(event(path, query), None)
    assert (reply["statusCode"], reply["headers"]["Location"]) == (308, location)


@each_case("path", ["/", "/api/"])
def test_a_page_asked_for_with_its_slash_is_there(path: str) -> None:
    assert app(event(path), None)["statusCode"] == 200


@each_case(
    ("name", "kind"), [("app.js", "text/javascript"), ("dashboard.css", "text/css"), ("icon.svg", "image/svg+xml")]
)
def test_an_asset_is_kept_for_as_long_as_its_address(name: str, kind: str) -> None:
    reply = get(f"/assets/{version()}/{name}")
    assert reply.status_code == 200
    assert text_of(reply) == (FOLDER / name).read_text(encoding="utf-8")
    assert reply.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in reply.headers["Cache-Control"]


def test_a_page_from_before_a_deployment_gets_the_file_but_may_not_keep_it() -> None:
    reply = get("/assets/0000000000000000/app.js")
    assert (reply.status_code, reply.headers["Cache-Control"]) == (200, "no-cache")


def test_an_asset_that_is_known_is_not_sent_again() -> None:
    known = get(f"/assets/{version()}/app.js").headers["ETag"]
    reply = get(f"/assets/{version()}/app.js", **{"If-None-Match": known})
    assert (reply.status_code, text_of(reply)) == (304, "")


@each_case("name", ["nothing.js", "..", "..%2Fassets.py", "%2e%2e%2fpage.py", "assets.py", "", "%00"])
def test_nothing_but_assets_is_served(name: str) -> None:
    reply = app(event("/") | {"requestContext": {
        **event("/")["requestContext"], "resourcePath": "/assets/{version}/{name}",
    }, "pathParameters": {"version": version(), "name": name}}, None)  # fmt: skip
    assert reply["statusCode"] == 404
    assert "import" not in json.dumps(reply)


def test_every_file_of_the_folder_is_served() -> None:
    assert set(assets()) == {path.name for path in FOLDER.iterdir()}


def test_the_version_follows_from_the_content() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", version())
    assert f"assets/{version()}/" in shell(None)
