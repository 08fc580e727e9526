"""What a workload left in its work dir, as a tree of regular files: bounded, and never through a link."""

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchfleet_contract import bounds

MOST_ENTRIES = 10 * bounds.MAX_MEMBERS  # looked at; then there is no end to it


@dataclass
class Tree:
    """`sizes`: path below the work dir, with `/` → bytes. `left_out`: why → how many files or folders."""

    sizes: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1

    @property
    def words(self) -> str:
        """What is not here that could be a result; empty if nothing."""
        return ", ".join(f"{count} {why}" for why, count in self.left_out.items())


def tree_of(folder: Path, *, scratch: Collection[str] = (), most_entries: int = MOST_ENTRIES) -> Tree:
    """The regular files below `folder`, hidden folders (`.cache`, `.git`) and those of the names in `scratch` left out.

    `scratch` counts at the top only. Links, pipes and the like are no results; nothing is followed.
    """
    tree = Tree()
    left = most_entries
    open_ = [""]
    while open_:
        below = open_.pop()
        for entry in _entries(folder / below, tree):
            left -= 1
            if left < 0:
                tree.leave_out(f"folders with more than {most_entries} files in all")
                return tree
            path = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name.startswith(".") or path in scratch:
                    continue
                if path.count("/") + 1 < bounds.MAX_DEPTH:
                    open_.append(path)
                else:
                    tree.leave_out(f"folders below {bounds.MAX_DEPTH - 1} others")
            elif entry.is_file(follow_symlinks=False):
                _add(tree, path, entry)
    return tree


def _add(tree: Tree, path: str, entry: "os.DirEntry[str]") -> None:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        tree.leave_out("files that cannot be read")
        return
    if stat.S_ISREG(found.st_mode):
        tree.sizes[path] = found.st_size


def _entries(folder: Path, tree: Tree) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            yield from sorted(entries, key=lambda entry: entry.name)
    except OSError:
        tree.leave_out("folders that cannot be read")
