"""Which name a member of an upload gets in the archive: one that extracts anywhere, and nowhere else. Pure.

Names come from runners, so they may be hostile (`../../etc/passwd`, control characters, a file that is also a folder)
or just made on another system. Two runs over the same names give the same answers.
"""

import posixpath
import unicodedata

from benchfleet_contract.bounds import MAX_DEPTH, MAX_PART_BYTES

_FORBIDDEN = frozenset('<>:"|?*\\')  # by Windows; a backslash also separates folders there


def safe_parts(name: str) -> list[str]:
    """The folders and the file name of `name`, relative, without `..`, at most 8 of at most 100 bytes each."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if len(parts) > MAX_DEPTH:
        parts[MAX_DEPTH - 1 :] = ["_".join(parts[MAX_DEPTH - 1 :])]
    return [_safe(part) for part in parts] or ["_"]


class MemberNames:
    """Hands out the names of one task's files, each once.

    A name that is taken, also by another spelling that some file system takes for the same, gets `~2`, `~3`, … before
    its extension, in the order of the upload; so does a folder whose name is already a file, and the reverse.
    """

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._moved: dict[str, str] = {}
        self._tries: dict[str, int] = {}

    def place(self, name: str) -> str:
        """The name under which a regular file called `name` is stored."""
        *folders, leaf = safe_parts(name)
        path = ""
        for folder in folders:
            path = self._folder(path, folder)
        path = self._free(path, leaf, taken=(self._files, self._folders))
        self._files.add(_folded(path))
        return path

    def _folder(self, parent: str, part: str) -> str:
        """Where a folder's files go: always to the same place, even if that is not the folder's own name."""
        wanted = _folded(posixpath.join(parent, part))
        if wanted not in self._moved:
            self._moved[wanted] = self._free(parent, part, taken=(self._files,))
            self._folders.add(_folded(self._moved[wanted]))
        return self._moved[wanted]

    def _free(self, parent: str, part: str, *, taken: tuple[set[str], ...]) -> str:
        """The first of `part`, `part~2`, … that is not taken; remembers where it stopped: a bomb of equal names is linear."""
        wanted = candidate = posixpath.join(parent, part)
        while any(_folded(candidate) in names for names in taken):
            tries = self._tries[_folded(wanted)] = self._tries.get(_folded(wanted), 1) + 1
            candidate = posixpath.join(parent, _numbered(part, tries))
        return candidate


def _safe(part: str) -> str:
    printable = "".join(c if c.isprintable() and c not in _FORBIDDEN else "_" for c in part)
    return _shortened(unicodedata.normalize("NFC", printable).rstrip(". ")) or "_"


def _shortened(part: str) -> str:
    if len(part.encode()) <= MAX_PART_BYTES:
        return part
    stem, extension = posixpath.splitext(part)
    if len(extension.encode()) > MAX_PART_BYTES // 4:
        stem, extension = part, ""
    kept = stem.encode()[: MAX_PART_BYTES - len(extension.encode())]
    return kept.decode(errors="ignore").rstrip(". ") + extension


def _numbered(part: str, number: int) -> str:
    stem, extension = posixpath.splitext(part)
    return f"{stem}~{number}{extension}"


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())
