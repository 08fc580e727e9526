"""Names: what is taken, and how ids and folders are made of them."""

from typing import Any

from benchfleet_contract.names import NEW_RUN_ID, folder_name, run_id_of, split_task_id, task_id
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case

run_ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}", fullmatch=True)


@each_case(("value", "run_id"), [("a", "a"), ("1.b_c-d", "1.b_c-d"), (1700000000, "1700000000"), (0, "0"), (7.0, "7")])
def test_run_ids(value: Any, run_id: str) -> None:
    assert run_id_of(value) == run_id


@each_case(
    "value", ["", ".a", "-a", "a/b", "a#b", "a b", "a\n", "x" * 129, -1, 1.5, -1.0, float("inf"), True, None, [], {}]
)
def test_what_is_no_run_id(value: Any) -> None:
    assert run_id_of(value) is None


@each_case("name", ["latest", "a.json", "latest.json"])
def test_no_new_run_has_a_name_that_means_another_run(name: str) -> None:
    assert run_id_of(name) == name, "an older run is still found"
    assert not NEW_RUN_ID.fullmatch(name)


@each_case("name", ["latest-1", "the-latest", "Latest", "latest.1", "a.jsonl"])
def test_a_new_run_may_be_called_nearly_so(name: str) -> None:
    assert NEW_RUN_ID.fullmatch(name)


@given(run_ids, st.integers(1, 9_999_999))
def test_a_task_id_is_taken_apart_as_it_was_put_together(run_id: str, number: int) -> None:
    assert split_task_id(task_id(run_id, number)) == (run_id, number)


@each_case("value", ["", "r", "r.", "r.0", "r.01", "r.-1", "r.1x", ".1", "a/b.1", "r.12345678", "r.1\n"])
def test_what_is_no_task_id(value: str) -> None:
    assert split_task_id(value) is None


@given(st.none() | st.text(max_size=200), st.text(max_size=200), st.integers(1, 100_000))
def test_a_folder_is_one_safe_name_that_ends_with_the_number(alias: str | None, kind: str, number: int) -> None:
    name = folder_name(alias, kind, number)
    assert name.endswith(f"-{number}")
    assert name.isascii()
    assert not set(name) & set("/\\: \0")
    assert not name.startswith((".", "-"))
    assert len(name) <= 107


@each_case(
    ("alias", "kind", "name"),
    [("my box", "c8g.medium", "my_box-7"), (None, "c8g.medium", "c8g.medium-7"), ("../..", "x", "task-7")],
)
def test_folders(alias: str | None, kind: str, name: str) -> None:
    assert folder_name(alias, kind, 7) == name
