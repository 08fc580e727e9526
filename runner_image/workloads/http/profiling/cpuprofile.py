"""V8's `.cpuprofile` (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile) as stacks."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner_image.workloads.http.profiling.speedscope import Sample

UNIT = "microseconds"
_NO_WORK = ("(root)", "(idle)")  # the rest of what V8 names in brackets (garbage collector, program) is work


def samples(told: Mapping[str, Any]) -> list[Sample]:
    """Without the time in which nothing ran. Each sample lasts until the next one. Raises KeyError where it is another file."""
    stacks = _stacks(told["nodes"])
    ids: Sequence[int] = told["samples"]
    lasting = [*told["timeDeltas"][1:], 0]  # of each sample: the time to the one after it
    pairs = zip(ids, lasting, strict=True)
    return [Sample(stacks[one], max(0, weight)) for one, weight in pairs if stacks[one]]


def _stacks(nodes: Sequence[Mapping[str, Any]]) -> dict[int, tuple[str, ...]]:
    """By id of a node, the outermost frame first; empty for a node that is no work."""
    above = {child: node["id"] for node in nodes for child in node.get("children", ())}
    names = {node["id"]: _name(node["callFrame"]) for node in nodes}

    def stack(node: int) -> tuple[str, ...]:
        found = []
        at: int | None = node
        while at is not None:
            found.append(names[at])
            at = above.get(at)
        return tuple(name for name in reversed(found) if name not in _NO_WORK)

    return {node["id"]: stack(node["id"]) for node in nodes}


def _name(frame: Mapping[str, Any]) -> str:
    function = frame["functionName"] or "(anonymous)"
    file = str(frame["url"]).rpartition("/")[2]
    return f"{function} ({file}:{frame['lineNumber'] + 1})" if file else str(function)
