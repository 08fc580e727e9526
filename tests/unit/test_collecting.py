"""Which files a worker need not import to see that none of their tests is asked for."""

from pathlib import Path

from tests.collecting import has_nothing, left_out, own_share
from tests.each_case import each_case

ROOT = Path(__file__).parents[2]
NO_PROOFS = "not proof and not system"


@each_case(
    "source, nothing",
    [
        ("import pytest\n\npytestmark = pytest.mark.proof\n", True),
        ("pytestmark = pytest.mark.system  # why\n", True),
        ("pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]\n", True),
        ("pytestmark = [\n    pytest.mark.proof,\n]\n", True),
        ("pytestmark = pytest.mark.proofs_of_another_kind\n", False),
        ("pytestmark = pytest.mark.needs_docker\n", False),
        ('"""Of a file with the line\n\npytestmark = pytest.mark.proof\n"""\n', False),
        ('"""Proofs."""\n\npytestmark = pytest.mark.proof\n', True),
        ("@pytest.mark.proof\ndef test_one(): ...\n", False),
        ("class TestOne:\n    pytestmark = pytest.mark.proof\n", False),
    ],
)
def test_a_file_of_proofs_says_so_in_a_line_of_its_own(tmp_path: Path, source: str, nothing: bool) -> None:
    path = tmp_path / "test_one.py"
    path.write_text(source, encoding="utf-8")
    assert has_nothing(path, NO_PROOFS) is nothing


@each_case(
    "marks, out",
    [
        ("", set()),
        ("proof", set()),
        ("not proof", {"proof"}),
        (NO_PROOFS, {"proof", "system"}),
        ("system and not proof", {"proof"}),
        ("proof or system", set()),
        ("needs_docker or not system and not proof", set()),
        ("not system and not proof or(needs_docker)", set()),
        ("not (needs_docker and not proof and system)", set()),
    ],
)
def test_what_is_left_out_is_what_no_choice_brings_back(marks: str, out: set[str]) -> None:
    assert left_out(marks) == out


def test_the_files_of_the_folder_of_proofs_say_so() -> None:
    files = (ROOT / "tests" / "proof").glob("test_*.py")
    assert [path.name for path in files if not has_nothing(path, NO_PROOFS)] == []


def test_each_file_is_compiled_by_one_worker() -> None:
    files = [Path(name) for name in "abcde"]
    shares = [own_share(files, worker=worker, workers=3) for worker in range(3)]
    assert sorted(path for share in shares for path in share) == files
    assert own_share(files, worker=5, workers=3) == own_share(files, worker=2, workers=3)
    assert own_share([], worker=1, workers=2) == []
