"""What makes a table, checked before it is made.

Rules: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from local_emulator.dynamodb.faults import invalid, invalid_parameter
from local_emulator.dynamodb.shapes import Shape, flag, list_of, members, missing, structure, text, whole

Definition = Mapping[str, Any]

_KEY = list_of(members({"AttributeName": text, "KeyType": text}, "AttributeName", "KeyType"))
_PROJECTION = members({"ProjectionType": text, "NonKeyAttributes": list_of(text)})
_CAPACITY = members({"ReadCapacityUnits": whole, "WriteCapacityUnits": whole})
_INDEX = {"IndexName": text, "KeySchema": _KEY, "Projection": _PROJECTION}
_OF_AN_INDEX = ("IndexName", "KeySchema", "Projection")
TABLE: Mapping[str, Shape] = {
    "TableName": text,
    "AttributeDefinitions": list_of(
        members({"AttributeName": text, "AttributeType": text}, "AttributeName", "AttributeType")
    ),
    "KeySchema": _KEY,
    "LocalSecondaryIndexes": list_of(members(_INDEX, *_OF_AN_INDEX)),
    "GlobalSecondaryIndexes": list_of(members(_INDEX | {"ProvisionedThroughput": _CAPACITY}, *_OF_AN_INDEX)),
    "BillingMode": text,
    "ProvisionedThroughput": _CAPACITY,
    "StreamSpecification": members({"StreamEnabled": flag, "StreamViewType": text}, "StreamEnabled"),
    "Tags": list_of(structure),
    "SSESpecification": structure,
    "TableClass": text,
}
VIEWS = ("NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY")
_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}\Z")
_MOST = {"LocalSecondaryIndexes": 5, "GlobalSecondaryIndexes": 20}


def require_table(definition: Definition) -> None:
    """Raises Fault unless this makes a table."""
    for name in ("TableName", "AttributeDefinitions", "KeySchema"):
        if definition.get(name) is None:
            raise missing(name)
    _require_name("tableName", definition["TableName"])
    _require_one_of("billingMode", definition.get("BillingMode") or "PROVISIONED", "PROVISIONED", "PAY_PER_REQUEST")
    _require_key(definition["KeySchema"], "keySchema")
    _require_indexes(definition)
    _require_attributes(definition)
    _require_stream(definition.get("StreamSpecification") or {})


def indexes_of(definition: Definition) -> Iterator[Mapping[str, Any]]:
    for parameter in _MOST:
        yield from definition.get(parameter) or ()


def _require_attributes(definition: Definition) -> None:
    """Each key attribute is defined once, and nothing else is."""
    kinds = [(each["AttributeName"], each["AttributeType"]) for each in definition["AttributeDefinitions"]]
    for _, kind in kinds:
        _require_one_of("attributeDefinitions.member.attributeType", kind, "B", "N", "S")
    defined = {name for name, _ in kinds}
    if len(defined) != len(kinds):
        raise invalid_parameter("An attribute is defined twice in AttributeDefinitions")
    schemas = [definition["KeySchema"], *(index["KeySchema"] for index in indexes_of(definition))]
    used = {element["AttributeName"] for schema in schemas for element in schema}
    if used - defined:
        raise invalid_parameter(
            f"Some index key attributes are not defined in AttributeDefinitions. Keys: {sorted(used - defined)}, "
            f"AttributeDefinitions: {sorted(defined)}"
        )
    if defined - used:
        raise invalid_parameter(
            f"Some AttributeDefinitions are not used. AttributeDefinitions: {sorted(defined)}, keys used: {sorted(used)}"
        )


def _require_key(schema: list[Mapping[str, str]], where: str) -> None:
    kinds = [element["KeyType"] for element in schema]
    for kind in kinds:
        _require_one_of(f"{where}.member.keyType", kind, "HASH", "RANGE")
    if kinds[:1] != ["HASH"]:
        raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if kinds not in (["HASH"], ["HASH", "RANGE"]):
        raise invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type, or there is a third")
    if len({element["AttributeName"] for element in schema}) != len(schema):
        raise invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")


def _require_indexes(definition: Definition) -> None:
    for parameter, most in _MOST.items():
        if len(definition.get(parameter) or ()) > most:
            raise invalid_parameter(f"{parameter} count exceeds the per-table limit of {most}")
    names = [index["IndexName"] for index in indexes_of(definition)]
    if len(set(names)) != len(names):
        raise invalid_parameter("Duplicate index name")
    for index in indexes_of(definition):
        _require_name("indexName", index["IndexName"])
        _require_key(index["KeySchema"], "keySchema")
        _require_projection(index["Projection"])
    for index in definition.get("LocalSecondaryIndexes") or ():
        if len(definition["KeySchema"]) != 2 or len(index["KeySchema"]) != 2:
            raise invalid_parameter(
                "Table KeySchema and index KeySchema each need a range key for a LocalSecondaryIndex: "
                f"{index['IndexName']}"
            )


def _require_projection(projection: Mapping[str, Any]) -> None:
    kind, extra = projection.get("ProjectionType"), projection.get("NonKeyAttributes")
    if kind is None:
        raise invalid_parameter("Unknown ProjectionType: null")
    _require_one_of("projection.projectionType", kind, "ALL", "INCLUDE", "KEYS_ONLY")
    if (kind == "INCLUDE") != bool(extra):
        raise invalid_parameter(f"ProjectionType is {kind}, but NonKeyAttributes is {'' if extra else 'not '}specified")


def _require_stream(specification: Mapping[str, Any]) -> None:
    view = specification.get("StreamViewType")
    if specification.get("StreamEnabled"):
        _require_one_of("streamSpecification.streamViewType", view, *VIEWS)
    elif view is not None:
        raise invalid_parameter("StreamViewType is given, but StreamEnabled is false")


def _require_name(where: str, name: str) -> None:
    if not _NAME.match(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at '{where}' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+, with 3 to 255 characters"
        )


def _require_one_of(where: str, value: Any, *allowed: str) -> None:
    if value not in allowed:
        raise invalid(
            f"1 validation error detected: Value '{value}' at '{where}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        )
