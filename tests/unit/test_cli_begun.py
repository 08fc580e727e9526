"""What `benchfleet run --resume <TAB>` offers."""

import os
from pathlib import Path

import pytest
import typer
from benchfleet.cli.run_ids import complete_begun


def begun(folder: Path, *run_ids: str) -> None:
    (folder / "runs").mkdir(parents=True)
    for age, run_id in enumerate(run_ids):
        path = folder / "runs" / f"{run_id}.json"
        path.write_text("{}")
        os.utime(path, (1_000 - age, 1_000 - age))
    (folder / "runs" / "with-logs-only").mkdir()


def offered(incomplete: str, **params: object) -> list[str]:
    context = typer.Context(typer.main.get_command(typer.Typer(callback=lambda: None)))
    context.params = params
    return complete_begun(context, incomplete)


def test_runs_that_were_begun_here_are_offered_the_latest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert offered("") == []
    begun(tmp_path / ".benchfleet", "1795", "nightly")
    begun(tmp_path / "other", "elsewhere")
    (tmp_path / "results" / "downloaded").mkdir(parents=True)
    assert offered("") == ["latest", "1795", "nightly"]
    assert offered("n") == ["nightly"]
    assert offered("", state_dir=tmp_path / "other") == ["latest", "elsewhere"]
