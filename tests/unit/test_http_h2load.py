"""Bodies that do not add up are wrong, whatever else was answered; those under way at the end are not."""

from runner_image.workloads.http.load.driver import Request
from runner_image.workloads.http.load.h2load import Row, _wrong_bodies
from tests.each_case import each_case

GOOD, BAD = 200, 500


@each_case(
    ("body", "right", "others", "told_bytes", "wrong"),
    [
        (86, 9_999, 0, 9_999 * 86, 0),
        (86, 9_999, 0, 9_999 * 2, 9_999),
        (86, 9_999, 1, 9_999 * 2 + 20, 9_999),  # one error does not make the others right
        (86, 9_999, 1, 9_999 * 86 + 20, 0),
        (86, 10_000, 0, 10_000 * 87, 10_000),
        (153_600, 2_000, 0, 2_000 * 153_600 + 64 * 100_000, 0),  # 64 were under way when the time was up
        (153_600, 2_000, 0, 2_000 * 153_000, 2_000),
    ],
)
def test_bytes_have_to_add_up(body: int, right: int, others: int, told_bytes: int, wrong: int) -> None:
    rows = [Row(0, GOOD, 1)] * right + [Row(0, BAD, 1)] * others
    said = f"traffic: 1.00MB ({told_bytes}) total, 1KB (1) headers (space savings 0%), 1MB ({told_bytes}) data"
    assert _wrong_bodies(said, Request("/", expected_status=200, response_bytes=body), rows, 64) == wrong
