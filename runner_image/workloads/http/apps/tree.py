"""An app's sources: what belongs to them, their hash, and a copy to install into."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

LEFT_OUT = frozenset(
    {
        ".benchfleet-build.json",
        ".benchfleet-installed",
        ".git",
        ".venv",
        "node_modules",
        "target",
        "__pycache__",
        ".ruff_cache",
    }
)


def sources(folder: Path) -> Iterator[Path]:
    """All files, links followed, in order of their names; without what installing and building leave behind."""
    for path in sorted(folder.iterdir()):
        if path.name in LEFT_OUT:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from sources(path)
        elif path.is_file():
            yield path


def sha256(folder: Path) -> str:
    """Of names and contents: a link counts as what it points to."""
    total = hashlib.sha256()
    for path in sources(folder):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return total.hexdigest()


def copy(folder: Path, to: Path) -> None:
    """The sources as plain files: an app can be started from the copy without what stands beside the original."""
    for path in sources(folder):
        target = to / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
