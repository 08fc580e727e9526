"""RUN_ID on a command line: `latest`, or an id; completed from what this machine knows, without asking anybody."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.exceptions import UsageError

if TYPE_CHECKING:
    from benchfleet.client import Client

LATEST = "latest"
STATE_FILES = Path(".benchfleet", "runs")
RESULTS = Path("results")


def known_ids(state_files: Path = STATE_FILES, results: Path = RESULTS) -> list[str]:
    """Ids of runs that were made or downloaded here, those touched last first."""
    found: dict[str, float] = {}
    for path in (*_entries(state_files, "*.json"), *_entries(results, "*/")):
        run_id = path.name.removesuffix(".json") if path.parent == state_files else path.name
        with contextlib.suppress(OSError):
            found[run_id] = max(found.get(run_id, 0), path.stat().st_mtime)
    return sorted(found, key=lambda run_id: (-found[run_id], run_id))


def _entries(folder: Path, pattern: str) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from (path for path in folder.glob(pattern) if not path.name.startswith("."))


def complete(incomplete: str) -> list[str]:
    return [word for word in (LATEST, *known_ids()) if word.startswith(incomplete)]


def complete_begun(ctx: typer.Context, incomplete: str) -> list[str]:
    """For `--resume`: runs that were begun here, those touched last first. What was only downloaded cannot be resumed."""
    folder = ctx.params.get("state_dir") or STATE_FILES.parent
    found = known_ids(Path(folder, STATE_FILES.name), results=Path(folder, "none"))
    return [word for word in ([LATEST, *found] if found else []) if word.startswith(incomplete)]


RunId = Annotated[
    str,
    typer.Argument(
        metavar="RUN_ID", help="The run; `latest` is the newest that the control plane has.", autocompletion=complete
    ),
]


def resolve(client: "Client", given: str) -> str:
    """The id that is meant; whether it can be one, the client looks. Raises UsageError if there is no run yet."""
    if given != LATEST:
        return given
    newest = next(iter(client.runs()), None)
    if newest is None:
        raise UsageError("there is no run yet: `benchfleet run -c CONFIG` creates one")
    return newest.run_id
