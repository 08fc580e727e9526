"""What the API's gateway answers by itself, and how much it takes: read from `.chalice/functions-<stage>.json`.

CloudFormation gets both with `chalice package --merge-template`. `chalice deploy` knows neither, and each time it replaces
the whole API: what stands here is set again after it, and then deployed (`CreateDeployment`). Pure.
"""

from collections.abc import Mapping
from typing import Any

Template = Mapping[str, Any]


def gateway_responses(functions: Template) -> dict[str, dict[str, Any]]:
    """By response type, what `PutGatewayResponse` takes beside `restApiId` and `responseType`.

    A response without a `statusCode` keeps the gateway's own.
    """
    declared: Mapping[str, Mapping[str, Any]] = _api(functions)["GatewayResponses"]
    return {kind: _response(response) for kind, response in declared.items()}


def stage_changes(functions: Template) -> list[dict[str, str]]:
    """`patchOperations` of `UpdateStage`: the throttling of all routes together, in requests a second."""
    (settings,) = _api(functions)["MethodSettings"]
    limits = {"rateLimit": settings["ThrottlingRateLimit"], "burstLimit": settings["ThrottlingBurstLimit"]}
    return [{"op": "replace", "path": f"/*/*/throttling/{name}", "value": str(value)} for name, value in limits.items()]


def _api(functions: Template) -> Mapping[str, Any]:
    found: Mapping[str, Any] = functions["Resources"]["RestAPI"]["Properties"]
    return found


def _response(declared: Mapping[str, Any]) -> dict[str, Any]:
    headers = declared["ResponseParameters"]["Headers"]
    found: dict[str, Any] = {
        "responseParameters": {f"gatewayresponse.header.{name}": value for name, value in headers.items()},
        "responseTemplates": dict(declared["ResponseTemplates"]),
    }
    if "StatusCode" in declared:
        found["statusCode"] = str(declared["StatusCode"])
    return found
