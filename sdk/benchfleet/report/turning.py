"""A relation seen from its other side, and the relation of two rows that are both held against the best."""

from typing import TypeVar

from benchfleet_results.boards.model import Interval, Relation, Verdict

Ends = TypeVar("Ends", bound=Interval | None)
_TURNED: dict[Verdict, Verdict] = {"better": "worse", "worse": "better"}


def turned(relation: Relation) -> Relation:
    """Of B to A → of A to B. The test is symmetric: p, confidence and detectable effect stay."""
    ratio, ends, apart = relation.ratio, relation.interval, relation.difference_interval
    return relation.model_copy(
        update={
            "ratio": None if not ratio else 1 / ratio,
            "interval": (1 / ends[1], 1 / ends[0]) if ends and min(ends) > 0 else None,
            "difference": None if relation.difference is None else -relation.difference,
            "difference_interval": (-apart[1], -apart[0]) if apart else None,
            "verdict": _TURNED.get(relation.verdict, relation.verdict),
        }
    )


def of_two(this: Relation, that: Relation) -> Relation:
    """Of two rows' relations to the best of the two: how this one is to that one."""
    return turned(that) if _is_reference(this) and not _is_reference(that) else this


def _is_reference(relation: Relation) -> bool:
    return relation.p is None and relation.distance in (0.0, 1.0) and relation.verdict in ("best", "first", "ahead")
