"""What `make mutants` tries beside mutmut's own ideas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # loaded by its tests: it would take a twentieth of collecting
    import libcst as cst


def nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from nodes(child)


def variants(statement: str) -> set[str]:
    """What our operators make of a statement."""
    import libcst as cst

    from tests.mutation import operators

    module = cst.parse_module(statement)
    return {
        cst.ensure_type(module.deep_replace(node, other), cst.Module).code.strip()
        for kind, operator in operators.ours(prose=False)
        for node in nodes(module)
        if isinstance(node, kind)
        for other in operator(node)
    }


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("self.tasks.close_headers(run)", {"pass"}),
        ("_log.warning('lost')", {"_log.warning('XXlost')"}),
        ("if not header.open: return", {"if False: return", "if True: return"}),
        ("x = a and b", {"x = a", "x = b"}),
        ("f(a, b=1)", {"pass", "f(a, )"}),
        ("raise Refused('words for people')", set()),
        ("x = 'key'", {"x = 'XXkey'"}),
        ('"""What it is."""', set()),
    ],
)
def test_what_a_mutant_may_be(statement: str, expected: set[str]) -> None:
    assert variants(statement) == expected


def test_texts_with_spaces_are_mutated_where_they_are_no_prose() -> None:
    import libcst as cst

    from tests.mutation import operators

    made = dict(operators.ours(prose=True))[cst.SimpleString]
    (changed,) = made(cst.SimpleString("'#a = :b'"))
    assert cst.ensure_type(changed, cst.SimpleString).value == "'XX#a = :b'"
