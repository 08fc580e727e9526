"""What a mutant may be: mutmut's own ideas, and the three that it lacks.

Its mutants of a call (`close_headers(None)`) die of a TypeError, which proves nothing of what the call is for. So we also
leave out the call, skip or force the branch of an `if`, and drop one side of an `and` or `or`.
"""

from collections.abc import Callable, Iterable
from typing import cast

import libcst as cst

Operator = tuple[type[cst.CSTNode], Callable[..., Iterable[cst.CSTNode]]]


def install(*, prose: bool) -> None:
    """`prose`: are texts with spaces mutated too? Words for people are theirs to judge."""
    from mutmut.mutation import mutators  # late: it loads all of libcst, and our own mutants need little of that

    left_out = {mutators.operator_string, mutators.operator_arg_removal}
    kept = [(kind, operator) for kind, operator in mutators.mutation_operators if operator not in left_out]
    cast("list[Operator]", mutators.mutation_operators)[:] = [*kept, *ours(prose=prose)]


def ours(*, prose: bool) -> list[Operator]:
    return [
        (cst.SimpleString, _texts(prose=prose)),
        (cst.Call, _argument_left_out),
        (cst.Expr, _call_left_out),
        (cst.If, _branch_forced),
        (cst.BooleanOperation, _side_dropped),
    ]


def _texts(*, prose: bool) -> Callable[[cst.SimpleString], Iterable[cst.CSTNode]]:
    def text_changed(node: cst.SimpleString) -> Iterable[cst.CSTNode]:
        value = node.evaluated_value
        if len(node.quote) == 3 or isinstance(value, bytes) or (" " in value and not prose):
            return
        inside = len(node.prefix) + 1
        yield node.with_changes(value=f"{node.value[:inside]}XX{node.value[inside:]}")

    return text_changed


def _argument_left_out(node: cst.Call) -> Iterable[cst.CSTNode]:
    """One that has a name may have a default too; any other is a TypeError."""
    for index, argument in enumerate(node.args):
        if argument.keyword is not None:
            yield node.with_changes(args=[*node.args[:index], *node.args[index + 1 :]])


def _call_left_out(node: cst.Expr) -> Iterable[cst.CSTNode]:
    if isinstance(node.value, cst.Call) and not _is_of(node.value.func, "_log"):
        yield cst.Pass()


def _is_of(function: cst.BaseExpression, owner: str) -> bool:
    return (
        isinstance(function, cst.Attribute) and isinstance(function.value, cst.Name) and function.value.value == owner
    )


def _branch_forced(node: cst.If) -> Iterable[cst.CSTNode]:
    for name in ("False", "True"):
        yield node.with_changes(test=cst.Name(name), whitespace_before_test=cst.SimpleWhitespace(" "))


def _side_dropped(node: cst.BooleanOperation) -> Iterable[cst.CSTNode]:
    yield from (node.left, node.right)
