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
    """Nothing is fetched: a reference that leads out of the schema is told. Every pattern is bounded in time."""
    try:
        import jsonschema
        from jsonschema.validators import extend
        from referencing import Registry
    except ImportError:
        raise NotComputed("needs the package jsonschema; score it again where it is installed") from None
    Validator = extend(jsonschema.Draft202012Validator, _BOUNDED)  # type: ignore[no-untyped-call]
    try:
        Validator.check_schema(schema, format_checker=jsonschema.FormatChecker(formats=()))
        error = next(iter(Validator(schema, registry=Registry()).iter_errors(document)), None)
    except jsonschema.SchemaError as wrong:
        raise NotComputed(f"not a JSON Schema: {wrong.message}") from None
    except NotComputed:
        raise
    except Exception as wrong:  # a reference that leads nowhere, each library version with its own class
        raise NotComputed(f"the schema cannot be applied: {wrong}") from None
    return f"{error.json_path}: {error.message}" if error else None


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    """The keyword `pattern`."""
    import jsonschema

    if validator.is_type(instance, "string") and not searched(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """The keyword `patternProperties`."""
    if not validator.is_type(instance, "object"):
        return
    for pattern, inside in patterns.items():
        for name, value in instance.items():
            if searched(pattern, name):
                yield from validator.descend(value, inside, path=name, schema_path=pattern)


def _additional_properties(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """The keyword `additionalProperties`: of names that neither `properties` nor `patternProperties` knows."""
    import jsonschema

    if not validator.is_type(instance, "object"):
        return
    patterns = schema.get("patternProperties", {})
    known = schema.get("properties", {})
    for name in [name for name in instance if name not in known and not any(searched(one, name) for one in patterns)]:
        if wanted is False:
            yield jsonschema.ValidationError(f"{name!r} is not among the properties that may be there")
        else:
            yield from validator.descend(instance[name], wanted, path=name)


def _unevaluated(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """The library matches names in it with patterns that nothing stops."""
    raise NotComputed("unevaluatedProperties is not applied here: use additionalProperties")
    yield


_BOUNDED = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "unevaluatedProperties": _unevaluated,
}
