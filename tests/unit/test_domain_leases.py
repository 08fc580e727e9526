"""Times of a lease, and the words for them."""

from chalicelib.domain.leases import expired, iso, next_heartbeat_in_s, timeout_message
from tests.contract.records import a_task
from tests.each_case import each_case

SPOKEN_MS = 1_795_312_732_000  # 2026-11-22 01:58:52 UTC


@each_case(
    ("lease_ms", "span"),
    [
        (120_000, "2 minutes"),
        (60_000, "1 minute"),
        (90_000, "90 seconds"),
        (1_000, "1 second"),
        (45_999, "45 seconds"),
        (3_600_000, "60 minutes"),
    ],
)
def test_a_timeout_says_how_long_and_since_when(lease_ms: int, span: str) -> None:
    task = a_task(lease_ms=lease_ms, heartbeat_ms=SPOKEN_MS + 999, claimed_ms=1)
    assert timeout_message(task) == f"No heartbeat received for {span}. Last heartbeat: 2026-11-22 01:58:52 UTC"


def test_a_lease_is_over_after_its_last_millisecond() -> None:
    task = a_task(lease_until_ms=1_000)
    assert [expired(task, now_ms=now_ms) for now_ms in (999, 1_000, 1_001)] == [False, False, True]
    assert not expired(a_task(), now_ms=10**15)


@each_case(("lease_ms", "seconds"), [(120_000, 30.0), (86_400_000, 30.0), (60_000, 15.0), (1_000, 0.25)])
def test_a_lease_leaves_four_chances_to_renew_it(lease_ms: int, seconds: float) -> None:
    assert next_heartbeat_in_s(lease_ms) == seconds


def test_times_on_the_wire_are_whole_seconds_of_utc() -> None:
    assert iso(SPOKEN_MS + 999) == "2026-11-22T01:58:52Z"
    assert iso(None) is None


def test_where_no_beat_came_a_timeout_counts_from_the_claim() -> None:
    task = a_task(lease_ms=1_000, heartbeat_ms=None, claimed_ms=SPOKEN_MS)
    assert timeout_message(task).endswith("Last heartbeat: 2026-11-22 01:58:52 UTC")
