"""Every refusal has a status of the one table, and a code that no other has."""

from chalicelib.api.endpoint import STATUS, status_of
from chalicelib.domain import errors
from tests.each_case import each_case

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Refusal)]
RAISED = [kind for kind in KINDS if kind is not errors.Refusal]


@each_case("kind", RAISED)
def test_it_has_a_status(kind: type[errors.Refusal]) -> None:
    assert 400 <= status_of(kind) < 600


def test_codes_are_distinct() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)


def test_the_table_lists_nothing_else() -> None:
    assert set(STATUS) <= set(KINDS)


def test_the_tree_in_the_docstring_tells_the_true_numbers() -> None:
    lines = [line.strip("├└│─ ").split() for line in (errors.__doc__ or "").splitlines() if "─" in line]
    told = {words[0]: int(words[1]) for words in lines}
    assert told == {name: status_of(getattr(errors, name)) for name in told}
    assert len(told) >= 14
