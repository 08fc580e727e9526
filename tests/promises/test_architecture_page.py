"""docs/architecture.md and docs/extending.md lead a reader through files: each must be there."""

import re
from pathlib import Path

from benchfleet_contract.workloads.known import KNOWN_WORKLOADS
from benchfleet_results import registry as results

from runner_image.workloads import registry as workloads
from tests.each_case import each_case

ROOT = Path(__file__).parents[2]
_TOP = "chalicelib|runner_image|sdk|local_emulator|benchmarks|tests|configs|docs|vendor"
NAMED = re.compile(rf"`((?:app\.py|(?:{_TOP})/[\w./-]*))`")


def named(page: str) -> list[str]:
    return sorted(set(NAMED.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))))


@each_case("page", ["architecture.md", "extending.md"])
def test_every_file_and_room_that_a_page_names_exists(page: str) -> None:
    assert len(named(page)) > 5
    assert [path for path in named(page) if not (ROOT / path).exists()] == []


def test_every_room_is_on_the_page() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [
        f"{part}/{folder.name}/"
        for part in ("chalicelib", "runner_image", "sdk/benchfleet")
        for folder in sorted((ROOT / part).iterdir())
        if (folder / "__init__.py").exists()
    ]
    assert [room for room in rooms if room not in page] == []


def test_the_three_sides_of_a_kind_are_all_there() -> None:
    """What may be asked for, what is done, and what it means: see docs/extending.md."""
    assert set(KNOWN_WORKLOADS) == set(workloads.NAMES) == set(results.KINDS)
