"""What the repository promises about itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.each_case import each_case

ROOT = Path(__file__).parents[2]
ADRS = ROOT / "docs" / "adr"
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOCKING = re.compile(r"Mock|\bpatch\b")


@each_case(("package", "module"), [("benchfleet_contract", "runs.py"), ("benchfleet_results", "registry.py")])
def test_shared_packages_are_packaged_by_a_symlink(package: str, module: str) -> None:
    """Chalice packages `vendor/` and follows links there: one definition for Lambda, SDK and runner."""
    link = ROOT / "vendor" / package
    assert link.is_symlink()
    assert link.readlink() == Path("../sdk") / package
    assert (link / module).is_file()


def adrs() -> list[Path]:
    return sorted(path for path in ADRS.glob("*.md") if path.name != "README.md")


def test_every_adr_is_listed_by_its_title() -> None:
    index = (ADRS / "README.md").read_text(encoding="utf-8")
    for path in adrs():
        title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        assert f"({path.name})" in index, path.name
        assert title.split(". ", 1)[-1].split(": ", 1)[-1].lower() in index.lower(), f"{path.name}: {title}"


def test_adrs_are_numbered_once_each() -> None:
    numbers = [path.name[:5] for path in adrs()]
    assert all(re.fullmatch(r"[0-9]{4}-", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_listed_adrs_exist() -> None:
    assert {
        name for name in re.findall(r"\(([0-9]{4}-[^)]+\.md)\)", (ADRS / "README.md").read_text(encoding="utf-8"))
    } == {path.name for path in adrs()}


def imported(tree: ast.AST) -> dict[str, str]:
    """Names in a module → what they stand for: `Mock` → `unittest.mock.Mock`."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            known |= {found.asname or found.name: f"{node.module}.{found.name}" for found in node.names}
    return known


def unspecified_mocks(tree: ast.AST) -> Iterator[str]:
    """Doubles that answer to any name, and patching: both let a test pass against code that does not exist."""
    known = imported(tree)
    for node in (found for found in ast.walk(tree) if isinstance(found, ast.Call)):
        first, _, rest = ast.unparse(node.func).partition(".")
        name = f"{known.get(first, first)}.{rest}".rstrip(".").removeprefix("unittest.mock.")
        if name in {"Mock", "MagicMock", "AsyncMock"} and not {"spec", "spec_set"} & {k.arg for k in node.keywords}:
            yield f"line {node.lineno}: {name} without spec"
        if name.split(".")[0] == "patch":
            yield f"line {node.lineno}: {name}"


def test_collaborators_are_passed_and_not_patched() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in TESTS}
    named = {path: text for path, text in texts.items() if MOCKING.search(text)}  # the others need no parsing
    found = {str(path.relative_to(ROOT)): list(unspecified_mocks(ast.parse(text))) for path, text in named.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_the_rule_against_mocks_finds_them() -> None:
    code = """
from unittest import mock
from unittest.mock import MagicMock as Any, patch
from runner_image.workloads.mock import Mock
a = mock.Mock()
b = mock.Mock(spec=int)
c = Any()
with patch("x"): pass
mock.patch.object(a, "b")
d = Mock()
"""
    found = [words.split(": ")[0] for words in unspecified_mocks(ast.parse(code))]
    assert sorted(found) == ["line 5", "line 7", "line 8", "line 9"]
