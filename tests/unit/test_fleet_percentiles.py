import pytest
from benchfleet_results.fleets.percentile import interpolated, observed, spread

from tests.each_case import each_case

HUNDREDS = [100.0, 200.0, 300.0, 400.0, 500.0]


@each_case(
    ("values", "p", "found"),
    [
        *(
            (HUNDREDS, p, value)
            for p, value in ((0, 100), (25, 200), (50, 300), (75, 400), (90, 500), (99, 500), (100, 500))
        ),
        ([50, 100, 150], 50, 100),
        ([50, 100, 150], 95, 150),
        ([1, 2], 50, 2),
        ([7], 99, 7),
        ([], 50, 0.0),
        (list(range(101)), 7, 7),  # 0.07 * 100 is a little more than 7 as a float
    ],
)
def test_the_promised_percentile_is_an_observed_value_with_its_rank_rounded_up(
    values: list[float], p: float, found: float
) -> None:
    assert observed(values, p) == found


@each_case(("p", "found"), [(0, 1.0), (50, 1.5), (95, 1.95), (100, 2.0)])
def test_our_own_percentile_lies_between_neighbours(p: float, found: float) -> None:
    assert interpolated([1.0, 2.0], p) == pytest.approx(found)


def test_a_spread_sorts_and_counts_and_there_is_none_of_nothing() -> None:
    found = spread([3.0, 1.0, 2.0])
    assert found is not None
    assert (found.count, found.min, found.p50, found.max, found.mean) == (3, 1.0, 2.0, 3.0, 2.0)
    assert spread([]) is None
