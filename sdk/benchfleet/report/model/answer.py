"""What people ask first."""

from typing import Literal

from benchfleet_results.boards.model import Needed, Part, Relation
from pydantic import Field

from benchfleet.report.prices import Kind


class Answer(Part):
    """What people ask first, of one board. `short` and `detail` are sentences, as every form shows them."""

    question: Literal["fastest", "best", "best_for_price"] = Field(description="`best` where the metric is no speed")
    board: str | None = Field(description="its title; null for the whole report")
    kind: Kind | None = Field(default=None, description="of price, for `best_for_price`")
    verdict: Literal["told_apart", "not_told_apart", "only_one", "unknown", "not_asked", "one_price"] = Field(
        description="`unknown`: too few repeats; `not_asked`: no price was given that fits; `one_price`: all ran on the "
        "same machine, so the fastest costs least"
    )
    leaders: list[str] = Field(
        description="one, or those that are not told apart from the first, the first of them first"
    )
    second: str | None = Field(default=None, description="the closest of the others")
    relation: Relation | None = Field(default=None, description="of the second to the first: what it takes, or costs")
    needed: Needed | None = Field(
        default=None, description="to tell the leaders apart: the most that any of them needs"
    )
    short: str
    detail: str
