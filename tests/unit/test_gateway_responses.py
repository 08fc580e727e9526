"""What the gateway answers by itself has our form, and never repeats what it was sent."""

import json
import re
from pathlib import Path
from typing import Any

from benchfleet.deploy.gateway_responses import gateway_responses, stage_changes

from tests.each_case import each_case

CHALICE = Path(__file__).parents[2] / ".chalice"
FUNCTIONS: dict[str, Any] = json.loads((CHALICE / "functions-dev.json").read_text(encoding="utf-8"))
RESPONSES = gateway_responses(FUNCTIONS)
# API Gateway inserts these as they are; messages of refused signatures repeat the Authorization header.
SAFE = {"$context.httpMethod", "$context.error.responseType"}


@each_case("kind", RESPONSES)
def test_every_response_is_an_error_of_ours(kind: str) -> None:
    response = RESPONSES[kind]
    assert set(response) <= {"statusCode", "responseParameters", "responseTemplates"}
    (text,) = response["responseTemplates"].values()
    document = json.loads(text)
    assert set(document) == {"error", "code"}
    assert set(re.findall(r"\$[\w.]+", text)) <= SAFE
    assert response["responseParameters"]["gatewayresponse.header.Content-Type"] == "'application/json; charset=utf-8'"


@each_case(
    "kind",
    ["MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "EXPIRED_TOKEN", "ACCESS_DENIED", "RESOURCE_NOT_FOUND"],
)
def test_what_the_gateway_says_of_signatures_is_an_unknown_route(kind: str) -> None:
    assert RESPONSES[kind]["statusCode"] == "404"
    assert '"no_such_route"' in RESPONSES[kind]["responseTemplates"]["application/json"]


def test_who_is_throttled_learns_when_to_come_back() -> None:
    throttled = RESPONSES["THROTTLED"]
    assert throttled["statusCode"] == "429"
    assert throttled["responseParameters"]["gatewayresponse.header.Retry-After"] == "'2'"


def test_the_gateway_keeps_the_status_of_what_is_not_listed() -> None:
    for kind in ("DEFAULT_4XX", "DEFAULT_5XX", "INTEGRATION_TIMEOUT", "INTEGRATION_FAILURE"):
        assert "statusCode" not in RESPONSES[kind]


def test_throttling_is_of_all_routes_together() -> None:
    assert stage_changes(FUNCTIONS) == [
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "500"},
        {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "1000"},
    ]
