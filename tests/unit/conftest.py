"""Fixtures of the unit tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from benchfleet.report.model.report import Report

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Compared:
    """Two runs in their folders, and the report of the new one against the old one, with prices. Nobody changes it."""

    new: Path
    old: Path
    report: Report


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """Of everything that a report has: it takes as long as a hundred small tests."""
    from benchfleet.report.analysis import Options, analyse
    from benchfleet.report.prices import load
    from benchfleet.report.reading import read_runs

    from tests.report_runs import realistic

    folder = tmp_path_factory.mktemp("results")
    new, old = realistic(folder, "new"), realistic(folder, "old", seed=3, slower={"fib": 0.8})
    prices = load(ROOT / "configs" / "prices-example.toml")
    return Compared(new, old, analyse(read_runs([new, old]), Options(baseline="old", prices=prices)))
