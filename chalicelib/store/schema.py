"""The table as DynamoDB is told to make it; `.chalice/resources.json` holds the same and a test compares them."""

from typing import Any

from chalicelib.store.keys import CLAIM_INDEX, CREATED_INDEX

TIME_TO_LIVE: dict[str, Any] = {"AttributeName": "expires_s", "Enabled": True}  # `create_table` takes no such argument
LISTED_ATTRIBUTES = ["state", "created_ms", "run_id", "kind", "label", "origin"]


def table_definition(name: str) -> dict[str, Any]:
    """Keyword arguments of `create_table`."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": "S"}
            for attribute in ("pk", "sk", "claim_order", "listed", "listed_at")
        ],
        "KeySchema": _key("pk", "sk"),
        "LocalSecondaryIndexes": [
            {
                "IndexName": CLAIM_INDEX,
                "KeySchema": _key("pk", "claim_order"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["header"]},
            }
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": CREATED_INDEX,
                "KeySchema": _key("listed", "listed_at"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": LISTED_ATTRIBUTES},
            }
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
