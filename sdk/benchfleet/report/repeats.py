"""What the intervals of a ranking take for independent repeats, in words that every form shares."""

from collections.abc import Iterable

from benchfleet.report.model import Board


def repeats(boards: Iterable[Board]) -> str:
    """`Instances are the repeats.` Empty without a ranking."""
    rows = [row for board in boards for row in board.ranking]
    kinds = {row.interval_over for row in rows}
    if kinds == {"instances"}:
        return "Instances are the repeats."
    if "instances" in kinds:
        return "Instances are the repeats where several are known, else tasks."
    if rows and all(row.instances == 1 for row in rows):
        return (
            "Tasks are the repeats, all of one instance each: what differs between instances is not in the intervals."
        )
    return "Tasks are the repeats." if rows else ""
