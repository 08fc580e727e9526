"""Each response says under which id its request is logged."""

from tests.each_case import each_case
from tests.integration.api_client import Api

HEADER = "Benchfleet-Correlation-Id"


@each_case(
    ("method", "path", "status"),
    [("GET", "/up", 200), ("GET", "/runs/nope", 404), ("POST", "/runs", 400), ("GET", "/", 200)],
)
def test_a_response_repeats_a_good_id_and_replaces_a_bad_one(api: Api, method: str, path: str, status: int) -> None:
    body: dict[str, str] | None = {} if method == "POST" else None
    mine = api(method, path, body, headers={HEADER: "ci:42"})
    assert (mine.status_code, mine.headers[HEADER]) == (status, "ci:42")
    bad = api(method, path, body, headers={HEADER: 'x" forged'})
    assert bad.headers[HEADER] not in ("", 'x" forged')
