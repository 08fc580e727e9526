"""What speaks for a framework in an app's folder: files that exist, and text in some of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner_image.workloads.http.frameworks.record import Evidence, Framework

MOST_BYTES = 256 * 1024  # of one file: sources and manifests are smaller


@dataclass(frozen=True)
class Candidate:
    """A framework whose files are all there. `signs` say what else speaks for it."""

    framework: Framework
    weight: int
    signs: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.framework.name


def candidates(folder: Path, frameworks: tuple[Framework, ...]) -> list[Candidate]:
    return [weighed(folder, each) for each in frameworks if all(found(folder, file) for file in each.detect)]


def found(folder: Path, wanted: str) -> Path | None:
    """The first of the names that `wanted` lists with `|` which is a file."""
    return next((folder / name for name in wanted.split("|") if (folder / name).is_file()), None)


def weighed(folder: Path, framework: Framework) -> Candidate:
    signs: dict[object, tuple[int, str]] = {}
    for number, each in enumerate(framework.evidence):
        key = each.of or number
        if key not in signs and (sign := _sign(folder, each)):
            signs[key] = (each.weight, sign)
    return Candidate(framework, sum(weight for weight, _ in signs.values()), tuple(sign for _, sign in signs.values()))


def _sign(folder: Path, evidence: Evidence) -> str | None:
    for path in _files(folder, evidence):
        match = re.search(evidence.pattern, _text(path), re.MULTILINE)
        if match:
            return f"{path.relative_to(folder)} has {match.group().strip()!r}"
    return None


def _files(folder: Path, evidence: Evidence) -> Iterator[Path]:
    for name in evidence.files:
        yield from (path for path in sorted(folder.glob(name)) if path.is_file())


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode(errors="replace")
    except OSError:
        return ""
