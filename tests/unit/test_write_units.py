"""The prices are DynamoDB's published ones, checked by hand."""

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.write_units import Index, Units, indexes_of, item_bytes, read_units, write_units
from tests.each_case import each_case

KEYS = {"pk": {"S": "p"}, "sk": {"S": "s"}}
ORDER = Index("order", frozenset({"pk", "order"}), frozenset({"pk", "sk", "order"}))
EVERYTHING = Index("everything", frozenset({"owner"}), None)


def item(**attributes: dict[str, object]) -> dict[str, dict[str, object]]:
    return {**KEYS, **attributes}  # type: ignore[dict-item]


@each_case(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"N": "0"}, 1),
        ({"N": "7"}, 2),
        ({"N": "-1234"}, 4),
        ({"N": "1000000"}, 2),
        ({"N": "1.5E+20"}, 2),
        ({"B": b"abc"}, 3),
        ({"B": "YWJj"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"NS": ["12", "3456"]}, 5),
        ({"L": [{"S": "ab"}, {"N": "12"}]}, 3 + 1 + 2 + 1 + 2),
        ({"M": {"k": {"S": "ab"}}}, 3 + 1 + 1 + 2),
    ],
)
def test_the_size_of_a_value(value: dict[str, object], size: int) -> None:
    assert item_bytes({"a": value}) == 1 + size


@each_case(("filler", "units"), [(0, 1), (1024 - 7, 1), (1024 - 6, 2), (10_000, 10)])
def test_a_write_costs_one_unit_per_started_kib(filler: int, units: int) -> None:
    assert item_bytes(item(f={"S": ""})) == 7
    assert write_units(None, item(f={"S": "x" * filler}), indexes=[]) == Units(units, 0)


def test_the_larger_image_is_paid() -> None:
    big = item(f={"S": "x" * 3000})
    assert write_units(big, item(), indexes=[]).total == write_units(big, None, indexes=[]).total == 3


@each_case(
    ("old", "new", "units"),
    [
        (None, item(order={"N": "1"}), 1),
        (item(order={"N": "1"}), item(), 1),
        (item(order={"N": "1"}), item(order={"N": "2"}), 2),
        (item(order={"N": "1"}), item(order={"N": "1"}, other={"S": "x"}), 0),
        (item(), item(other={"S": "x"}), 0),
    ],
)
def test_a_sparse_index_is_paid_only_when_its_entry_changes(
    old: dict[str, dict[str, object]] | None, new: dict[str, dict[str, object]], units: int
) -> None:
    assert write_units(old, new, indexes=[ORDER]) == Units(1, units)


def test_a_projected_attribute_that_changes_is_one_index_write() -> None:
    old, new = item(owner={"S": "a"}, n={"N": "1"}), item(owner={"S": "a"}, n={"N": "2"})
    assert write_units(old, new, indexes=[EVERYTHING, ORDER]) == Units(1, 1)


def test_indexes_are_read_from_a_table_definition() -> None:
    definition = {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "LocalSecondaryIndexes": [
            {
                "IndexName": "order",
                "KeySchema": [{"AttributeName": "pk"}, {"AttributeName": "order"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "everything",
                "KeySchema": [{"AttributeName": "owner"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    }
    assert indexes_of(definition) == [ORDER, EVERYTHING]


@each_case(("size", "consistent", "units"), [(0, True, 1), (4096, True, 1), (4097, True, 2), (5, False, 0.5)])
def test_reads_are_paid_by_four_kib(size: int, consistent: bool, units: float) -> None:
    assert read_units(size, consistent=consistent) == units


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=2000).map(lambda text: {"S": text})))
def test_a_write_never_costs_less_than_its_index_entry(attributes: dict[str, dict[str, str]]) -> None:
    new = {**attributes, **KEYS, "owner": {"S": "a"}}
    units = write_units(None, new, indexes=[EVERYTHING])
    assert units.table == units.indexes >= 1
    assert write_units(new, new, indexes=[EVERYTHING]).indexes == 0
