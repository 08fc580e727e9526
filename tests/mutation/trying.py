"""Tries the mutants of one workspace, in a process of its own whose current folder it is; `__main__` starts it.

mutmut forks a process for each mutant from one that has everything imported, runs the tests that reached the mutated
function, and stops at the first that fails. What is computed when a test module is imported sees no mutant.
"""

import gc
import json
import os
import random
import sys
from pathlib import Path

from mutmut import __main__ as mutmut
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, setup_source_paths, walk_mutatable_files

from tests.mutation import operators
from tests.mutation.workspace import OUTCOMES


def main(arguments: list[str]) -> int:
    """Arguments: prose or plain, how many at most (0: all), seed. Writes `outcomes.json`."""
    prose, most, seed = arguments[0] == "prose", int(arguments[1]), int(arguments[2])
    operators.install(prose=prose)
    names = _generated()
    chosen = sorted(random.Random(seed).sample(names, most)) if 0 < most < len(names) else names
    Path(OUTCOMES).unlink(missing_ok=True)
    os.register_at_fork(before=gc.freeze)  # else the first collection of each copies the memory of all that is imported
    mutmut._run(() if chosen == names else tuple(chosen), 1)
    document = {"mutants": len(names), "tried": len(chosen), "outcomes": _outcomes(set(chosen))}
    Path(OUTCOMES).write_text(json.dumps(document))
    return 0


def _generated() -> list[str]:
    """Writes the mutants; their names."""
    Path("mutants").mkdir(exist_ok=True)
    set_mutant_under_test("mutant_generation")
    copy_src_dir()
    copy_also_copy_files()
    setup_source_paths()
    mutmut.create_mutants(1)
    return sorted(name for file in _files() for name in file.exit_code_by_key)


def _files() -> list[SourceFileMutationData]:
    files = [SourceFileMutationData(path=path) for path in walk_mutatable_files()]
    for file in files:
        file.load()
    return files


def _outcomes(chosen: set[str]) -> list[dict[str, str]]:
    return [
        {"mutant": name, "file": str(file.path), "outcome": status_by_exit_code[code], "diff": _diff(name, code, file)}
        for file in _files()
        for name, code in sorted(file.exit_code_by_key.items())
        if name in chosen
    ]


def _diff(name: str, code: int | None, file: SourceFileMutationData) -> str:
    return "" if status_by_exit_code[code] == "killed" else str(get_diff_for_mutant(name, path=file.path))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
