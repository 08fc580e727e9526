"""Tags as moto's services keep them, each in its own way."""

from typing import Any


def plain_tags(tags: Any) -> dict[str, str]:
    """Name → value, of a list of pairs (`Key` or `key`), or of a mapping to pairs or to values."""
    if not tags:
        return {}
    if isinstance(tags, dict):
        return {str(key): str(value["Value"] if isinstance(value, dict) else value) for key, value in tags.items()}
    pairs = [{name.lower(): value for name, value in tag.items()} for tag in tags]
    return {str(pair["key"]): str(pair.get("value", "")) for pair in pairs}
