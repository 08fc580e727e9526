"""Stacks as a file of speedscope (https://www.speedscope.app/file-format-schema.json), and what is hottest in such a file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.http_results import HotFrame

SCHEMA = "https://www.speedscope.app/file-format-schema.json"
MOST_HOT = 10


@dataclass(frozen=True)
class Sample:
    """`stack`: frames, the outermost first. `weight`: how long it was seen, in the unit of its file."""

    stack: tuple[str, ...]
    weight: float


def document(name: str, samples: Sequence[Sample], *, unit: str) -> dict[str, Any]:
    """One sampled profile. `unit`: `microseconds` or `none` (counts of samples)."""
    frames: dict[str, int] = {}
    for sample in samples:
        for frame in sample.stack:
            frames.setdefault(frame, len(frames))
    profile = {
        "type": "sampled",
        "name": name,
        "unit": unit,
        "startValue": 0,
        "endValue": sum(sample.weight for sample in samples),
        "samples": [[frames[frame] for frame in sample.stack] for sample in samples],
        "weights": [sample.weight for sample in samples],
    }
    return {
        "$schema": SCHEMA,
        "name": name,
        "exporter": "benchfleet",
        "shared": {"frames": [{"name": frame} for frame in frames]},
        "profiles": [profile],
    }


def count(told: Mapping[str, Any]) -> int:
    """Samples of all threads."""
    return sum(len(profile["samples"]) for profile in told["profiles"])


def hottest(told: Mapping[str, Any]) -> list[HotFrame]:
    """By self time: the share of all samples in which a frame was the innermost."""
    weights: Counter[str] = Counter()
    for profile in told["profiles"]:
        for stack, weight in zip(profile["samples"], profile["weights"], strict=True):
            if stack:
                weights[_name(told["shared"]["frames"][stack[-1]])] += weight
    total = sum(weights.values())
    return [HotFrame(frame=name, share=weight / total) for name, weight in weights.most_common(MOST_HOT) if total]


def _name(frame: Mapping[str, Any]) -> str:
    file = str(frame.get("file") or "").rpartition("/")[2]
    return f"{frame['name']} ({file})" if file else str(frame["name"])
