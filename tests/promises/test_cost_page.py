"""The page of costs says what counted requests and listed prices give."""

from benchmarks import costs


def test_the_table_is_the_one_that_the_formulas_make() -> None:
    assert costs.PAGE.read_text(encoding="utf-8") == costs.page(), "run `python -m benchmarks.costs`"


def test_each_line_is_the_sum_of_its_parts_and_none_is_free() -> None:
    for line in costs.lines():
        assert line.total == sum(line.usd.values())
        assert all(part > 0 for part in line.usd.values())
