"""An app's sources: what belongs to them, their hash, and a copy to install into."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from runner_image.errors import TaskError

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


class LinkLeaves(TaskError):
    """A link to a folder that the app's copy cannot follow."""

    def __init__(self, link: Path, why: str) -> None:
        super().__init__(f"{link} {why}: put the folder itself there", error_type="app_link")


def sources(folder: Path) -> Iterator[Path]:
    """All files, links followed, in order of their names; without what installing and building leave behind.

    A link to a file may lead anywhere, to a folder only to one inside of `folder`, and not to one that it stands in. A link
    to nothing is left out. Raises LinkLeaves.
    """
    yield from _sources(folder, root=folder.resolve(), around=(folder.resolve(),))


def _sources(folder: Path, *, root: Path, around: tuple[Path, ...]) -> Iterator[Path]:
    """`around`: the folders, resolved, that `folder` stands in, itself too."""
    for path in sorted(folder.iterdir()):
        if path.name in LEFT_OUT:
            continue
        if path.is_dir():
            real = path.resolve()
            if not real.is_relative_to(root):
                raise LinkLeaves(path, f"is a link to {real}, outside of the app's folder")
            if real in around:
                raise LinkLeaves(path, f"is a link to {real}, in which it stands itself")
            yield from _sources(path, root=root, around=(*around, real))
        elif path.is_file():
            yield path


def sha256(folder: Path) -> str:
    """Of names and contents: a link counts as what it points to. Raises LinkLeaves."""
    total = hashlib.sha256()
    for path in sources(folder):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return total.hexdigest()


def copy(folder: Path, to: Path) -> None:
    """The sources as plain files: an app can be started from the copy without what stands beside the original.

    Raises LinkLeaves.
    """
    for path in sources(folder):
        target = to / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
