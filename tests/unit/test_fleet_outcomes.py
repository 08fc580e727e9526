"""Journals of a fleet's shard: which line of a test counts."""

import pytest
from benchfleet_contract.fleets.outcomes import Outcome, Status, best, read_journal, summed
from hypothesis import given
from hypothesis import strategies as st


def outcome(key: str, status: Status, cost: float | None = None) -> Outcome:
    return Outcome(key=key, test_id=key, status=status, cost_usd=cost)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["success", "failure", "timeout", "skipped"]))))
def test_the_first_success_counts_and_nothing_is_counted_twice(lines: list[tuple[str, Status]]) -> None:
    written = [outcome(key, status, cost=float(number)) for number, (key, status) in enumerate(lines)]
    found = best(written)
    assert set(found) == {each.key for each in written}
    for key, kept in found.items():
        own = [each for each in written if each.key == key]
        successes = [each for each in own if each.status == "success"]
        sent = [each for each in own if each.status != "skipped"]
        assert kept == (successes[0] if successes else sent[-1] if sent else own[-1])


def test_a_journal_reads_as_it_was_written_and_loses_only_a_line_that_a_crash_cut() -> None:
    lines = [outcome("a\u2028b", "success"), outcome("c", "failure")]
    text = "".join(each.line() for each in lines)
    assert read_journal(text) == lines
    assert read_journal(text[:-5]) == lines[:1]


def test_a_line_that_is_no_outcome_is_named() -> None:
    with pytest.raises(ValueError, match="line 2"):
        read_journal(outcome("a", "success").line() + "{}\n")


def test_sums_count_each_status_and_the_money() -> None:
    found = summed([outcome("a", "success", 0.5), outcome("b", "timeout"), outcome("c", "skipped")])
    assert found == {"success": 1, "failure": 0, "timeout": 1, "skipped": 1, "total": 3, "cost_usd": 0.5}
