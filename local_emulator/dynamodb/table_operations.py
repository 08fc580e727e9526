"""CreateTable, DeleteTable, DescribeTable, ListTables, and the time to live."""

from collections.abc import Mapping
from typing import Any

from local_emulator.dynamodb.faults import Fault, invalid, not_found
from local_emulator.dynamodb.requests import Request, limit_of, needed
from local_emulator.dynamodb.table import Clock, Table

Reply = dict[str, Any]
MOST_LISTED = 100


class Tables:
    """The tables of one region, by name."""

    def __init__(self, *, region: str, account: str, clock: Clock) -> None:
        self._place: dict[str, Any] = {"region": region, "account": account, "clock": clock}
        self._held: dict[str, Table] = {}

    def __iter__(self) -> Any:
        return iter(self._held.values())

    def named(self, name: Any) -> Table:
        """By name or ARN. Raises Fault."""
        found = self._held.get(str(name).rpartition(":table/")[2])
        if found is None:
            raise not_found()
        return found

    def create(self, definition: Mapping[str, Any]) -> Table:
        """`definition`: keyword arguments of boto3's create_table. Raises Fault."""
        if definition.get("TableName") in self._held:
            raise Fault("ResourceInUseException", f"Table already exists: {definition['TableName']}")
        table = Table(definition, **self._place)
        self._held[table.name] = table
        return table

    def create_table(self, request: Request) -> Reply:
        return {"TableDescription": described(self.create(request))}

    def delete_table(self, request: Request) -> Reply:
        gone = self._held.pop(self.named(needed(request, "TableName")).name)
        return {"TableDescription": described(gone) | {"TableStatus": "DELETING"}}

    def describe_table(self, request: Request) -> Reply:
        return {"Table": described(self.named(needed(request, "TableName")))}

    def list_tables(self, request: Request) -> Reply:
        behind = request.get("ExclusiveStartTableName") or ""
        most = limit_of(request, most=MOST_LISTED) or MOST_LISTED
        names = sorted(name for name in self._held if name > behind)
        return {"TableNames": names[:most]} | ({"LastEvaluatedTableName": names[most - 1]} if len(names) > most else {})

    def update_time_to_live(self, request: Request) -> Reply:
        wanted = needed(request, "TimeToLiveSpecification")
        table, attribute = self.named(needed(request, "TableName")), wanted["AttributeName"]
        if not attribute:
            raise invalid("TimeToLiveSpecification.AttributeName must not be empty")
        if wanted["Enabled"] and table.expires:
            raise invalid("TimeToLive is already enabled")
        if not wanted["Enabled"] and table.expires != attribute:
            raise invalid(
                "TimeToLive is already disabled"
                if table.expires is None
                else f"TimeToLive is active on a different AttributeName: current AttributeName is {table.expires}"
            )
        table.expires = attribute if wanted["Enabled"] else None
        return {"TimeToLiveSpecification": wanted}

    def describe_time_to_live(self, request: Request) -> Reply:
        expires = self.named(needed(request, "TableName")).expires
        told = (
            {"TimeToLiveStatus": "ENABLED", "AttributeName": expires} if expires else {"TimeToLiveStatus": "DISABLED"}
        )
        return {"TimeToLiveDescription": told}


def described(table: Table) -> dict[str, Any]:
    definition = table.definition
    told: dict[str, Any] = {
        "TableName": table.name,
        "TableArn": table.arn,
        "TableStatus": "ACTIVE",
        "CreationDateTime": table.created.timestamp(),
        "ItemCount": table.item_count,
        "KeySchema": definition["KeySchema"],
        "AttributeDefinitions": definition["AttributeDefinitions"],
        "BillingModeSummary": {"BillingMode": definition.get("BillingMode", "PROVISIONED")},
        **_indexes(table),
    }
    if table.stream:
        told |= {
            "StreamSpecification": definition["StreamSpecification"],
            "LatestStreamArn": table.stream_arn,
            "LatestStreamLabel": table.stream.label,
        }
    return told


def _indexes(table: Table) -> dict[str, list[dict[str, Any]]]:
    told: dict[str, list[dict[str, Any]]] = {}
    for index in table.indexes.values():
        place = "GlobalSecondaryIndexes" if index.is_global else "LocalSecondaryIndexes"
        more = {"IndexStatus": "ACTIVE"} if index.is_global else {}
        arn = f"{table.arn}/index/{index.name}"
        told.setdefault(place, []).append({**index.definition, "IndexArn": arn, **more})
    return told
