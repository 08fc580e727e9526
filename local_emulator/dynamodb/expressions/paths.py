"""Document paths: `name`, `map.name`, `list[0]`, with `#name` for any of the names."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from local_emulator.dynamodb.faults import Fault, invalid
from local_emulator.dynamodb.values import Item, Value

Real = tuple[str | int, ...]  # the attributes' own names and indexes into lists

_SPARE = "The document path provided in the update expression is invalid for update"


class Path:
    """A path as it is written."""

    __slots__ = ("_first", "parts")

    def __init__(self, parts: tuple[str | int, ...]) -> None:
        self.parts = parts
        self._first = str(parts[0])

    def real(self, names: Mapping[str, str]) -> Real:
        if len(self.parts) == 1:
            return (names.get(self._first, self._first),)
        return tuple(names.get(part, part) if isinstance(part, str) else part for part in self.parts)

    def told(self, names: Mapping[str, str]) -> str:
        return told(self.real(names))

    def find(self, item: Item, names: Mapping[str, str]) -> Value | None:
        """What stands there, None if nothing does."""
        if len(self.parts) == 1:
            return item.get(names.get(self._first, self._first))
        return find(item, self.real(names))


def find(item: Item, path: Real) -> Value | None:
    found = item.get(str(path[0]))
    for part in path[1:]:
        found = _inside(found, part)
        if found is None:
            return None
    return found


def _inside(value: Value | None, part: str | int) -> Value | None:
    if value is None:
        return None
    if isinstance(part, str):
        held: Value | None = value.get("M", {}).get(part)
        return held
    members = value.get("L", ())
    return members[part] if part < len(members) else None


def require_apart(paths: list[Real], *, parameter: str) -> None:
    """No two may overlap, or take the same thing for a map and for a list. Raises Fault."""
    if all(len(path) == 1 for path in paths) and len(set(paths)) == len(paths):
        return
    seen: dict[Any, Any] = {}
    for path in paths:
        _require_room(seen, path, parameter=parameter)


def _require_room(seen: dict[Any, Any], path: Real, *, parameter: str) -> None:
    """`seen` is a tree of the paths so far: whole paths at its ends."""
    for part in path[:-1]:
        _require_alike(seen, part, path, parameter=parameter)
        seen = seen.setdefault(part, {})
        if isinstance(seen, tuple):
            raise _together("overlap", seen, path, parameter=parameter)
    _require_alike(seen, path[-1], path, parameter=parameter)
    if path[-1] in seen:
        raise _together("overlap", _any_of(seen[path[-1]]), path, parameter=parameter)
    seen[path[-1]] = path


def _require_alike(seen: dict[Any, Any], part: str | int, path: Real, *, parameter: str) -> None:
    other = next(iter(seen), part)
    if type(other) is not type(part):
        raise _together("conflict", _any_of(seen[other]), path, parameter=parameter)


def _any_of(tree: Any) -> Real:
    while isinstance(tree, dict):
        tree = next(iter(tree.values()))
    return tree  # type: ignore[no-any-return]


def _together(word: str, one: Real, other: Real, *, parameter: str) -> Fault:
    return invalid(
        f"Invalid {parameter}: Two document paths {word} with each other; must remove or rewrite one "
        f"of these paths; path one: {told(one)}, path two: {told(other)}"
    )


def place(item: Item, path: Real, value: Value) -> None:
    """Puts a value there. Behind a list's end is its end. Raises Fault where the way there is missing."""
    if len(path) == 1:
        item[str(path[0])] = value
        return
    holder, last = _holder(item, path), path[-1]
    if isinstance(last, str) and "M" in holder:
        holder["M"][last] = value
    elif isinstance(last, int) and "L" in holder:
        holder["L"][last : last + 1] = [value]
    else:
        raise invalid(_SPARE)


def remove(item: Item, path: Real) -> None:
    """Takes away what stands there. Raises Fault where the way there is missing."""
    if len(path) == 1:
        item.pop(str(path[0]), None)
        return
    holder, last = _holder(item, path), path[-1]
    if isinstance(last, str) and "M" in holder:
        holder["M"].pop(last, None)
    elif isinstance(last, int) and "L" in holder:
        del holder["L"][last : last + 1]
    else:
        raise invalid(_SPARE)


def own(item: Item, path: Real) -> None:
    """What `item` shares with another version of itself along this path is its own from now on."""
    top = str(path[0])
    if len(path) > 1 and top in item:
        item[top] = deepcopy(item[top])


def pick(item: Item, paths: list[Real]) -> Item:
    """What stands at these paths, in maps and lists as they stand around it."""
    if all(len(path) == 1 for path in paths):
        return {name: item[name] for (name,) in paths if name in item}
    found: dict[str, Any] = {}
    for path in sorted(paths, key=str):
        value = find(item, path)
        if value is not None:
            _graft(found, path, value)
    return {name: _closed(branch) for name, branch in found.items()}


class _Branch(dict[str | int, Any]):
    """Members by name or index, while a projection grows."""


def _graft(found: dict[Any, Any], path: Real, value: Value) -> None:
    for part in path[:-1]:
        found = found.setdefault(part, _Branch())
    found[path[-1]] = value


def _closed(branch: Any) -> Value:
    if not isinstance(branch, _Branch):
        return branch  # type: ignore[no-any-return]
    if isinstance(next(iter(branch)), int):
        return {"L": [_closed(branch[index]) for index in sorted(branch)]}
    return {"M": {name: _closed(one) for name, one in branch.items()}}


def _holder(item: Item, path: Real) -> Value:
    holder = find(item, path[:-1])
    if holder is None:
        raise invalid(_SPARE)
    return holder


def told(path: Real) -> str:
    return f"[{', '.join(str(part) if isinstance(part, str) else f'[{part}]' for part in path)}]"
