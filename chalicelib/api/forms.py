"""Reads `application/x-www-form-urlencoded` bodies into the documents that JSON bodies are, with the field names of Rack.

`a=x` is a string, `a[]=x` the next item of a list and `a[b]=x` a field of an object. `a[][b]=x` goes into the last object of a
list, or into a new one if that has a `b` already. Every value is a string; of one that is given twice, the last counts.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from benchfleet_contract.limits import MAX_FORM_DEPTH, MAX_FORM_FIELDS, MAX_FORM_NAME_CHARS

from chalicelib.domain.errors import BadRequest

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_NEXT = ""  # the step of a name that is `[]`
_QUOTED_CHARS = 100
_CODE = "malformed_form"
Kind = TypeVar("Kind", str, list[Any], dict[str, Any])


def read_form(raw: bytes) -> dict[str, Any]:
    """The document that a form describes. Raises BadRequest, which quotes the field that makes no sense."""
    if raw.count(b"&") >= MAX_FORM_FIELDS:
        raise BadRequest(f"The form has more than {MAX_FORM_FIELDS} fields; send JSON instead", code=_CODE)
    document: dict[str, Any] = {}
    for field in filter(None, raw.strip().split(b"&")):
        said, _, value = field.partition(b"=")
        name = _text(said, said)
        first, *rest = _steps(name)
        _put(document, first, rest, _text(value, said), name)
    return document


def _text(part: bytes, said: bytes) -> str:
    """A name or a value without its escapes. Broken ones are not guessed at: half a name or value would be stored."""
    if _BROKEN_ESCAPE.search(part):
        raise _refusal(_readable(said), "has a % without two hexadecimal digits: send % itself as %25")
    try:
        return unquote_to_bytes(part.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise _refusal(_readable(said), "is not valid UTF-8") from None


def _readable(said: bytes) -> str:
    return unquote_to_bytes(said[: 3 * _QUOTED_CHARS]).decode(errors="replace")


def _steps(name: str) -> list[str]:
    if len(name) > MAX_FORM_NAME_CHARS:
        raise _refusal(name, f"has a name of more than {MAX_FORM_NAME_CHARS} characters")
    read = _NAME.fullmatch(name)
    if read is None:
        raise _refusal(name, "has a name with brackets that do not match: write `a`, `a[]`, `a[b]` or `a[][b]`")
    steps = [read[1], *_BRACKETS.findall(read[2])]
    if len(steps) > MAX_FORM_DEPTH:
        raise _refusal(name, f"is nested more than {MAX_FORM_DEPTH} deep")
    return steps


def _put(place: dict[str, Any], step: str, rest: Sequence[str], value: str, name: str) -> None:
    if not rest:
        _same_kind(place.get(step, ""), str, name)
        place[step] = value
    elif rest[0] == _NEXT:
        _add(_same_kind(place.setdefault(step, []), list, name), rest[1:], value, name)
    else:
        _put(_same_kind(place.setdefault(step, {}), dict, name), rest[0], rest[1:], value, name)


def _add(items: list[Any], rest: Sequence[str], value: str, name: str) -> None:
    if not rest:
        items.append(value)
        return
    if rest[0] == _NEXT:
        raise _refusal(name, "is a list in a list, which a form cannot hold; send JSON instead")
    if not items or not isinstance(items[-1], dict) or _has(items[-1], rest):
        items.append({})
    _put(items[-1], rest[0], rest[1:], value, name)


def _has(place: Any, steps: Sequence[str]) -> bool:
    """Is there a value at the end of the steps? A list takes any number, so it never has one."""
    for step in steps:
        if step == _NEXT or not isinstance(place, Mapping) or step not in place:
            return False
        place = place[step]
    return True


def _same_kind(found: Any, kind: type[Kind], name: str) -> Kind:
    if not isinstance(found, kind):
        raise _refusal(name, "contradicts an earlier field: one name is either a value, a list or an object")
    return found


def _refusal(name: str, words: str) -> BadRequest:
    return BadRequest(f"The form's field {name[:_QUOTED_CHARS]!r} {words}", code=_CODE)
