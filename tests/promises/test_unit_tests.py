"""`tests/unit` stays quick: it starts no process and loads no emulated AWS. What needs those has folders of its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.each_case import each_case

UNIT = Path(__file__).parents[1] / "unit"
DEAR = (
    "subprocess", "tests.prepared_start", "multiprocessing", "moto", "boto3", "playwright", "tests.integration", "tests.services",
    "tests.browser", "tests.contract.system", "tests.contract.in_process", "local_emulator.stack",
    "local_emulator.cloud", "local_emulator.aws_endpoint", "local_emulator.backends", "local_emulator.command",
)  # fmt: skip


def imports(source: str) -> Iterator[str]:
    """Every module or name that it imports, in full."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def dear(source: str) -> list[str]:
    words = set(re.findall(r"\w+", source))
    if not any(words.issuperset(each.split(".")) for each in DEAR):
        return []  # as most: they need no parsing
    return [name for name in imports(source) if any(f"{name}.".startswith(f"{each}.") for each in DEAR)]


@each_case(
    "source",
    ["import subprocess", "from moto.core import x", "from tests.contract import system", "import boto3.session"],
)
def test_what_is_dear_is_seen(source: str) -> None:
    assert dear(source)


def test_no_unit_test_imports_what_is_dear() -> None:
    files = [*UNIT.glob("*.py")]
    assert len(files) > 50
    assert {path.name: found for path in files if (found := dear(path.read_text(encoding="utf-8")))} == {}
