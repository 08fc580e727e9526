"""Is an answer a JSON document, and of the wanted schema?"""

import json
import re
from collections.abc import Iterator
from typing import Any

from benchfleet_results.fleets.scoring.bounded import NotComputed, searched

_FENCE = re.compile(r"\A```[a-zA-Z]*\n(.*?)\n?```\Z", re.DOTALL)


def problem(answer: str, schema: dict[str, Any] | bool | None) -> str | None:
    """What is wrong with it; None for a fitting document. Raises NotComputed for a wrong schema."""
    text = answer.strip()
    fenced = _FENCE.match(text)
    try:
        document = json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    return None if schema is None or schema is True else _against(document, schema)


def _against(document: Any, schema: dict[str, Any] | bool) -> str | None:
    try:
        import jsonschema
        from jsonschema.validators import extend
    except ImportError:
        raise NotComputed("needs the package jsonschema; score it again where it is installed") from None
    Validator = extend(jsonschema.Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
    try:
        Validator.check_schema(schema)
        error = next(iter(Validator(schema).iter_errors(document)), None)
    except jsonschema.SchemaError as wrong:
        raise NotComputed(f"not a JSON Schema: {wrong.message}") from None
    except Exception as wrong:  # a reference that leads nowhere, each library version with its own class
        raise NotComputed(f"the schema cannot be applied: {wrong}") from None
    return f"{error.json_path}: {error.message}" if error else None


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    """The keyword `pattern`, bounded in time."""
    import jsonschema

    if validator.is_type(instance, "string") and not searched(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")
