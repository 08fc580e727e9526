"""Which framework an app is written with: by explicit name, manifest, evidence, folder name, in that order. Never a guess.

The folder itself comes first, then its sub-folders, one level deep.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner_image.workloads.http.detection.evidence import Candidate, candidates, found
from runner_image.workloads.http.frameworks.record import Framework
from runner_image.workloads.http.frameworks.registry import MANIFEST, Registry
from runner_image.workloads.protocol import WorkloadError

SKIP_MARK = "SKIP_BENCHMARK"
_REASON_CHARACTERS = 1000
_NO_APPS = frozenset({"node_modules", "target", "__pycache__", "venv", "vendor", "tests", "test"})


@dataclass(frozen=True)
class Detected:
    """`folder` is absolute. `why` are sentences; `considered` all whose files were there, strongest first."""

    framework: Framework
    folder: Path
    why: tuple[str, ...]
    considered: tuple[Candidate, ...] = ()


class NotDetected(WorkloadError):
    def __init__(self, message: str) -> None:
        super().__init__(message, error_type="framework_not_detected")


class Ambiguous(WorkloadError):
    """Several fit equally well. `candidates` are names, or folders; `why` one sentence for each."""

    def __init__(self, folder: Path, candidates: Sequence[str], why: Sequence[str], remedy: str) -> None:
        listed = "\n".join(f"- {name}: {reason}" for name, reason in zip(candidates, why, strict=True))
        super().__init__(f"{folder} fits several equally well:\n{listed}\n{remedy}", error_type="framework_ambiguous")
        self.candidates, self.why = tuple(candidates), tuple(why)


class Skipped(WorkloadError):
    """The app's folder has the skip marker. `reason` is its trimmed text; None where it is empty or unreadable."""

    def __init__(self, folder: Path, reason: str | None) -> None:
        super().__init__(f"{folder} is skipped by {SKIP_MARK}: {reason or 'no reason given'}", error_type="app_skipped")
        self.reason = reason


def detect(app_dir: Path, registry: Registry, *, name: str | None = None) -> Detected:
    """Raises NotDetected, Ambiguous, Skipped, UnknownFramework, InvalidRegistry."""
    explicit = registry.get(name) if name else None
    folder = app_dir.resolve()
    if not folder.is_dir():
        raise NotDetected(f"There is no folder {folder}: give the folder of an app")
    require_wanted(folder)
    if explicit:
        return _named(folder, explicit)
    return _in_folder(folder, registry) or _below(folder, registry)


def require_wanted(folder: Path) -> None:
    """Raises Skipped where the folder has the marker."""
    mark = folder / SKIP_MARK
    if mark.exists():
        try:
            reason = mark.read_text(encoding="utf-8", errors="replace")[:_REASON_CHARACTERS].strip()
        except OSError:
            reason = ""
        raise Skipped(folder, reason or None)


def _named(folder: Path, framework: Framework) -> Detected:
    """In the folder itself, unless its files stand only in a single one below."""
    below = [] if _fits(folder, framework) else [each for each in _sub_folders(folder) if _fits(each, framework)]
    where = below[0] if len(below) == 1 else folder
    require_wanted(where)
    return Detected(framework, where, ("it was named",))


def _fits(folder: Path, framework: Framework) -> bool:
    return all(found(folder, file) for file in framework.detect)


def _in_folder(folder: Path, registry: Registry) -> Detected | None:
    """None where no framework's files are there. Raises Ambiguous."""
    if (folder / MANIFEST).is_file():
        return Detected(registry.manifest(folder / MANIFEST), folder, (f"its {MANIFEST} says so",))
    fitting = sorted(candidates(folder, registry.frameworks), key=lambda each: -each.weight)
    if not fitting:
        return None
    best = [each for each in fitting if each.weight == fitting[0].weight]
    if len(best) == 1:
        return Detected(best[0].framework, folder, _why(best[0]), tuple(fitting))
    called = next((each for each in best if each.name == folder.name), None)
    if called is None:
        raise _tie(folder, best)
    why = (*called.signs, f"the folder is called {folder.name!r}")
    return Detected(called.framework, folder, why, tuple(fitting))


def _why(only: Candidate) -> tuple[str, ...]:
    return only.signs or (f"no other framework has {' and '.join(only.framework.detect)}",)


def _tie(folder: Path, best: Sequence[Candidate]) -> Ambiguous:
    why = ["; ".join(each.signs) or f"it has {' and '.join(each.framework.detect)}, as others" for each in best]
    remedy = f'Name one with --framework, or write `base = "{best[0].name}"` into {folder / MANIFEST}'
    return Ambiguous(folder, [each.name for each in best], why, remedy)


def _below(folder: Path, registry: Registry) -> Detected:
    answers, skipped = [], None
    for each in _sub_folders(folder):
        try:
            require_wanted(each)
            answers.append(_in_folder(each, registry))
        except Skipped as error:
            skipped = error
    apps = [answer for answer in answers if answer]
    if len(apps) == 1:
        return apps[0]
    if len(apps) > 1:
        why = [f"it is an app of {app.framework.name}" for app in apps]
        raise Ambiguous(folder, [str(app.folder) for app in apps], why, "Give the folder of one of them")
    if skipped:
        raise skipped
    expected = sorted({name for each in registry.frameworks for file in each.detect for name in file.split("|")})
    raise NotDetected(
        f"No framework fits {folder} or a folder in it: expected one of {', '.join(expected)}, or a {MANIFEST}; "
        "name one with --framework"
    )


def _sub_folders(folder: Path) -> list[Path]:
    return sorted(
        each.resolve()
        for each in folder.iterdir()
        if each.is_dir() and each.name[0] != "." and each.name not in _NO_APPS
    )
