"""Keys of the table: no two things ever share one."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.records import Demand
from chalicelib.store import keys

WORDS = st.text(alphabet="a#/%~ü ", min_size=1, max_size=4)
DEMANDS = st.builds(Demand, WORDS, WORDS, st.none() | WORDS)


@given(DEMANDS, DEMANDS)
def test_two_demands_never_share_a_place_in_the_index(one: Demand, other: Demand) -> None:
    assert (keys.header_order(one) == keys.header_order(other)) is (one == other)
    assert keys.pending_order(one, 1).startswith(keys.open_prefix(other)) is (one == other)


def test_a_demand_without_a_model_is_spelled_as_ever() -> None:
    assert keys.pending_order(Demand("aws", "c8g.medium"), 7) == "A#aws/c8g.medium#P#0000007"
    assert keys.header_sk(Demand("aws", "g6.xlarge", "llama3:8b")) == "H#aws/g6.xlarge/llama3%3A8b"
