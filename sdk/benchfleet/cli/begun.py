"""Completes `--resume`: runs that were begun here, from their state files, without asking anybody."""

from pathlib import Path

import typer

from benchfleet.cli.run_ids import LATEST, STATE_FILES, known_ids


def complete_begun(ctx: typer.Context, incomplete: str) -> list[str]:
    """Those touched last first. What was only downloaded cannot be resumed."""
    folder = ctx.params.get("state_dir") or STATE_FILES.parent
    found = known_ids(Path(folder, STATE_FILES.name), results=Path(folder, "none"))
    return [word for word in ([LATEST, *found] if found else []) if word.startswith(incomplete)]
