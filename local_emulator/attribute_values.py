"""moto's answers of DynamoDB and its streams, made in a third of the time.

moto looks for each of the ten kinds of a value in each attribute of each item, under every spelling that any service
may use, which took more time than everything else that a claim does. A value that moto hands over is already what goes
over the wire, so it goes; only binary values, which want Base64, are left to moto.
"""

from typing import Any

from moto.core.serialize import SERVICE_SPECIFIC_SERIALIZERS, JSONSerializer

SERVICES = ("dynamodb", "dynamodbstreams")
_BINARY = ("B", "BS")


class AttributeValueSerializer(JSONSerializer):
    def _serialize_type_structure(self, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue" and isinstance(value, dict) and not _has_binary(value):
            self._default_serialize(serialized, value, shape, key)
        else:
            super()._serialize_type_structure(serialized, value, shape, key)


def register() -> None:
    """For this process; may be called again."""
    for service in SERVICES:
        SERVICE_SPECIFIC_SERIALIZERS[service] = {"json": AttributeValueSerializer}


def _has_binary(value: dict[str, Any]) -> bool:
    """In the value or in anything that it holds. `value`: one kind and its content, as `{"S": "text"}`."""
    kind, content = next(iter(value.items()))
    if kind == "M":
        return any(map(_has_binary, content.values()))
    return any(map(_has_binary, content)) if kind == "L" else kind in _BINARY
