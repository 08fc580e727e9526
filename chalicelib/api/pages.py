"""Routes of the dashboard: its page and its static files. Both are public: they hold no data."""

from urllib.parse import quote

from chalice.app import Blueprint, Request, Response

from chalicelib.api.endpoint import ANY_TYPE, query_of
from chalicelib.dashboard import assets
from chalicelib.dashboard.page import POLICY, shell

pages = Blueprint(__name__)
ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
PAGE = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
FOREVER = "public, max-age=31536000, immutable"


@pages.route("/", methods=["GET"], content_types=ANY_TYPE)
def dashboard() -> Response:
    request = pages.current_request
    run_id = query_of(request).get("run_id")
    folder = _without_its_slash(request)
    if folder:
        return _text("", 308, {"Location": f"./{folder}/" + (f"?run_id={quote(run_id, safe='')}" if run_id else "")})
    return _text(shell(run_id), 200, PAGE)


@pages.route("/assets/{version}/{name}", methods=["GET"], content_types=ANY_TYPE)
def asset(version: str, name: str) -> Response:
    """A page that was loaded before a deployment still gets its files, but may not keep them."""
    found = assets.assets().get(name)
    if found is None:
        return _text("There is no such file.\n", 404, {"Content-Type": "text/plain; charset=utf-8"})
    keep = FOREVER if version == assets.version() else "no-cache"
    headers = {"Content-Type": found.content_type, "ETag": found.etag, "Cache-Control": keep}
    if pages.current_request.headers.get("if-none-match") == found.etag:
        return _text("", 304, headers)
    return _text(found.body, 200, headers)


def _without_its_slash(request: Request) -> str:
    """`api` when the page was asked for as `/api`: its relative URLs only work below `/api/`."""
    return str(request.context.get("path") or "/").rpartition("/")[2]


def _text(body: str, status: int, headers: dict[str, str]) -> Response:
    return Response(body=body, status_code=status, headers={**headers, **ALWAYS})
