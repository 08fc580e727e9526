"""Several comparisons put together into one folder: their starts become repeats of one run.

Runs of this project's direct command and of the kind `http` are read alike. What was measured with other settings, or on
another machine, is refused: its differences would look like those of frameworks.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet_contract.http_results import HTTP_JSON, HttpResult
from benchfleet_contract.results import Conditions, Output

from benchfleet.exceptions import UsageError
from benchfleet.http.folder import ResultsFolder

_NEVER_THE_SAME = ("seed",)


@dataclass(frozen=True)
class Found:
    """One start, as a folder has it. `place`: the start's own folder, with the files of its profiles."""

    folder: Path
    place: Path
    result: HttpResult
    output: Output
    metadata: dict[str, Any]


def consolidate(folders: Sequence[Path], to: Path) -> list[HttpResult]:
    """Raises UsageError where a folder has no results of HTTP servers, or they cannot be put together."""
    found = [one for folder in folders for one in read(folder)]
    _check(found)
    machine = (found[0].metadata.get("provenance") or {}).get("machine") or {}
    results = ResultsFolder.create(to, {"subjects": _options(found)}, machine=machine)
    repeats = Counter[tuple[str, str]]()
    for one in sorted(found, key=lambda each: str(each.metadata.get("start_time"))):
        key = (one.result.subject, one.result.suite)
        repeats[key] += 1
        told = one.metadata.get("conditions")
        results.add(
            one.result.model_copy(update={"repeat": repeats[key]}), one.output,
            started_at=str(one.metadata.get("start_time")), ended_at=str(one.metadata.get("end_time")),
            conditions=Conditions.model_validate(told) if told else None, made=one.place,
        )  # fmt: skip
    results.finish()
    return results.results()


def read(folder: Path) -> list[Found]:
    """All starts of one folder. Raises UsageError."""
    return list(_starts(folder))


def _starts(folder: Path) -> Iterator[Found]:
    files = sorted(folder.glob(f"*/{HTTP_JSON}")) if folder.is_dir() else []
    if not files:
        raise UsageError(f"{folder} has no results of HTTP servers: name folders that `benchfleet http` or a run wrote")
    for file in files:
        try:
            result = HttpResult.model_validate_json(file.read_bytes())
            output = Output.model_validate_json((file.parent / "output.json").read_bytes())
            metadata = json.loads((file.parent / "metadata.json").read_bytes())
        except (OSError, ValueError) as error:
            raise UsageError(f"{file.parent} cannot be read: {error}") from error
        yield Found(folder, file.parent, result, output, metadata)


def _check(found: Sequence[Found]) -> None:
    first = found[0]
    for one in found[1:]:
        other = sorted(name for name in _settings(first) if _settings(first)[name] != _settings(one).get(name))
        if other:
            raise UsageError(f"{one.folder} was measured with other {', '.join(other)} than {first.folder}")
        if _where(one) != _where(first):
            raise UsageError(f"{one.folder} was measured on another machine than {first.folder} ({_where(one)})")
    _require_repeats(found)


def _require_repeats(found: Sequence[Found]) -> None:
    """A start that is there twice is no further evidence, and one of another app is no repeat."""
    starts, apps = set[tuple[str | None, str]](), dict[str, tuple[str, str | None]]()
    for one in found:
        mine = one.result
        start = (one.metadata.get("start_time"), mine.model_dump_json(exclude={"repeat"}))
        if start in starts:
            raise UsageError(f"{one.folder} has a start of {mine.subject} that is there already: name each folder once")
        starts.add(start)
        if mine.app and mine.app.sha256 and not mine.failure:
            app = (mine.app.sha256, mine.version)
            if apps.setdefault(mine.subject, app) != app:
                raise UsageError(f"{one.folder} measured another app or version of {mine.subject}: that is no repeat")


def _settings(one: Found) -> dict[str, Any]:
    return {name: value for name, value in one.result.settings.items() if name not in _NEVER_THE_SAME}


def _where(one: Found) -> str:
    told = one.result.environment
    return f"{told.cpu_model}, {told.logical_cores} cores, kernel {told.kernel}"


def _options(found: Sequence[Found]) -> dict[str, Any]:
    return {one.result.subject: one.result.settings for one in found}
