"""Files that somebody names, read as a whole: bounded, and never waiting for a pipe."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from benchfleet_contract.bounds import MAX_OUTPUT_BYTES
from benchfleet_contract.problems import Problem
from benchfleet_contract.results import Output
from benchfleet_results.formats.criterion import FILES
from benchfleet_results.formats.found import Found
from benchfleet_results.formats.registry import read
from benchfleet_results.formats.source import MAX_FILES, FormatError, Source

from benchfleet.documents.printable import printable
from benchfleet.exceptions import UsageError
from benchfleet.local.files import read_own

_MOST_TOLD = 50  # problems of all files together


@dataclass(frozen=True)
class FileRead:
    """`sha256` is hex; of a folder, that of its files' names and contents."""

    path: Path
    sha256: str
    format: str
    found: Found
    output: Output


def read_files(paths: list[Path], name: str | None) -> list[FileRead]:
    """Every file. Raises UsageError with all that is wrong with all of them, if one cannot be read at all."""
    done: list[FileRead] = []
    problems: list[str] = []
    for path in paths:
        try:
            done.append(_read(path, name))
        except FormatError as error:
            problems += [f"{printable(str(path))}: {error}", *(line(path, problem) for problem in error.problems)]
        except OSError as error:
            problems.append(f"{printable(str(path))}: cannot be read: {error.strerror or error}")
    if problems:
        more = [f"and {len(problems) - _MOST_TOLD} more problems"] if len(problems) > _MOST_TOLD else []
        raise UsageError("\n".join(["nothing was imported", *problems[:_MOST_TOLD], *more]))
    return done


def line(path: Path, problem: Problem) -> str:
    """`times.json: results[0].times[3] is a text, must be a number (found 1.5); a file as the tool wrote it`"""
    value = "" if problem.value in (None, "") else f" (found {printable(str(problem.value))})"
    return f"{printable(str(path))}: {printable(problem.message)}{value}; {problem.remedy}"


def _read(path: Path, name: str | None) -> FileRead:
    source = _folder(path) if path.is_dir() else Source(path.name, read_own(path, most_bytes=MAX_OUTPUT_BYTES))
    chosen, found = read(source, name)
    return FileRead(path, _sha256(source), chosen, found, found.output())


def _folder(path: Path) -> Source:
    """The files of it that a reader knows. Links in it are not followed."""
    files: dict[str, bytes] = {}
    left = MAX_OUTPUT_BYTES
    for folder, _, names in os.walk(path):
        for name in sorted(FILES.intersection(names)):
            inner = Path(folder, name)
            if inner.is_symlink():
                continue
            files[inner.relative_to(path).as_posix()] = raw = read_own(inner, most_bytes=left)
            left -= len(raw)
            if len(files) > MAX_FILES:
                raise FormatError(f"it holds more than {MAX_FILES} files: name a folder below it")
    return Source(path.name, files=files)


def _sha256(source: Source) -> str:
    digest = hashlib.sha256(source.raw)
    for name, raw in sorted(source.files.items()):
        digest.update(name.encode(errors="surrogateescape") + b"\0" + hashlib.sha256(raw).digest())
    return digest.hexdigest()
