"""Where the datasets of a manifest are: below the working directory first, then below the manifest's folder."""

from collections.abc import Iterator
from pathlib import Path

from benchfleet_contract.fleets.normal import Work

_SUFFIXES = ("json", "yaml", "yml")


def find(work: Work, roots: list[Path]) -> tuple[Path | None, list[Path]]:
    """The first file that is there, and everything that was looked at.

    The simple dialect's path is taken as it is; the versioned one finds nothing outside the roots.
    """
    looked: list[Path] = []
    for root in roots:
        for name in _names(work):
            path = root / name
            if work.scenario is not None and not _inside(path, roots):
                continue
            looked.append(path)
            if path.is_file():
                return path, looked
    return None, looked


def _names(work: Work) -> Iterator[Path]:
    if work.scenario is None:
        yield Path(work.reference)
        return
    base, name = Path(work.folder), work.dataset
    yield base / name
    for folder in ("data", "examples"):
        yield from (base / "datasets" / folder / f"{name}.{suffix}" for suffix in _SUFFIXES)
    folders = ("datasets",) if work.adapter == "native" else ("", "data", "datasets", "benchmarks")
    for place in folders:
        yield from (base / place / f"{name}.{suffix}" for suffix in _SUFFIXES)


def _inside(path: Path, roots: list[Path]) -> bool:
    resolved = path.resolve()
    return any(resolved.is_relative_to(root.resolve()) for root in roots)
