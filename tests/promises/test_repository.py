"""What the repository promises about itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADRS = ROOT / "docs" / "adr"
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def test_the_contract_is_packaged_by_a_symlink() -> None:
    """Chalice packages `vendor/` and follows links there: one definition for Lambda, SDK and runner."""
    link = ROOT / "vendor" / "benchfleet_contract"
    assert link.is_symlink()
    assert link.readlink() == Path("../sdk/benchfleet_contract")
    assert (link / "runs.py").is_file()


def adrs() -> list[Path]:
    return sorted(path for path in ADRS.glob("*.md") if path.name != "README.md")


def test_every_adr_is_listed_by_its_title() -> None:
    index = (ADRS / "README.md").read_text()
    for path in adrs():
        title = path.read_text().splitlines()[0].removeprefix("# ")
        assert f"({path.name})" in index, path.name
        assert title.split(". ", 1)[-1].split(": ", 1)[-1].lower() in index.lower(), f"{path.name}: {title}"


def test_adrs_are_numbered_once_each() -> None:
    numbers = [path.name[:5] for path in adrs()]
    assert all(re.fullmatch(r"[0-9]{4}-", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_listed_adrs_exist() -> None:
    assert {name for name in re.findall(r"\(([0-9]{4}-[^)]+\.md)\)", (ADRS / "README.md").read_text())} == {
        path.name for path in adrs()
    }


def unspecified_mocks(tree: ast.AST) -> Iterator[str]:
    """Doubles that answer to any name, and patching: both let a test pass against code that does not exist."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"Mock", "MagicMock", "AsyncMock"} and not {"spec", "spec_set"} & {k.arg for k in node.keywords}:
            yield f"line {node.lineno}: {name} without spec"
        if name == "patch" or (
            isinstance(node.func, ast.Attribute) and ast.unparse(node.func).startswith("mock.patch")
        ):
            yield f"line {node.lineno}: patch"


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_collaborators_are_passed_and_not_patched(path: Path) -> None:
    assert list(unspecified_mocks(ast.parse(path.read_text()))) == []


def test_the_rule_against_mocks_finds_them() -> None:
    code = "a = Mock()\nb = mock.Mock(spec=A)\nc = MagicMock()\nwith patch('x'): pass\nmock.patch.object(a, 'b')\n"
    found = [words.split(": ")[0] for words in unspecified_mocks(ast.parse(code))]
    assert sorted(found) == ["line 1", "line 3", "line 4", "line 5"]
