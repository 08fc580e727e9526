"""What Chalice cannot say of an API: what it answers by itself, and how much it takes."""

from collections.abc import Mapping
from typing import Any

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.functions import API_STAGE

Responses = Mapping[str, Mapping[str, Any]]


def complete(aws: Aws, api_id: str, *, responses: Responses, changes: list[dict[str, str]]) -> None:
    """Sets both; may be repeated. `responses` leads from a type to what PutGatewayResponse takes of it.

    `changes` are patches of the API's stage: its throttling.
    """
    client = aws.client("apigateway")
    for kind, response in responses.items():
        client.put_gateway_response(restApiId=api_id, responseType=kind, **response)
    if responses:
        client.create_deployment(restApiId=api_id, stageName=API_STAGE)  # Chalice's own came before them
    if changes:
        client.update_stage(restApiId=api_id, stageName=API_STAGE, patchOperations=changes)
