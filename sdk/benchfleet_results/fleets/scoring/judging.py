"""What the models that judge have done and cost, apart from the tests' own cost."""

from collections.abc import Iterable
from math import fsum

from benchfleet_contract.fleets.results import Judging, Score, TestResult


def judging(results: Iterable[TestResult]) -> Judging | None:
    """None where no test has a rubric."""
    scores = [score for one in results for score in _asked(one)]
    if not scores:
        return None
    answered = [score for score in scores if score.tokens is not None]
    known = [score.cost_usd for score in answered if score.cost_usd is not None]
    return Judging(
        answers=len(answered),
        failed=sum(score.score is None for score in scores),
        tokens=sum(score.tokens or 0 for score in answered),
        cost_usd=fsum(known) if known or not answered else None,
        unpriced=len(answered) - len(known),
    )


def _asked(result: TestResult) -> list[Score]:
    """A question that two assertions share was asked once."""
    scores = [one for one in result.scores or () if one.type.removeprefix("not-") == "llm-rubric"]
    return list({one.grade or str(number): one for number, one in enumerate(scores)}.values())
