"""What the outcomes of a room's mutants say of its tests."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict


class Outcome(TypedDict):
    """`outcome`: killed, survived, no tests, timeout, or what else mutmut calls it. `diff` is empty for the killed."""

    mutant: str
    file: str
    outcome: str
    diff: str


@dataclass(frozen=True)
class Score:
    """`mutants` exist, `outcomes` are of those that were tried."""

    room: str
    mutants: int
    outcomes: Sequence[Outcome]

    def of(self, *outcomes: str) -> int:
        return sum(self.counted()[outcome] for outcome in outcomes)

    def counted(self) -> Counter[str]:
        return Counter(outcome["outcome"] for outcome in self.outcomes)

    @property
    def percent(self) -> float | None:
        """Killed per mutant that came to an end; None when none did. One that hangs says nothing for or against."""
        ended = len(self.outcomes) - self.of("timeout")
        return 100 * self.of("killed") / ended if ended else None

    @property
    def sampled(self) -> bool:
        return len(self.outcomes) < self.mutants

    def alive(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome["outcome"] != "killed"]


def together(scores: Sequence[Score]) -> Score:
    outcomes = [outcome for score in scores for outcome in score.outcomes]
    return Score("all", sum(score.mutants for score in scores), outcomes)


def line(score: Score) -> str:
    """One line for people: a sample is called one."""
    percent = "   none" if score.percent is None else f"{score.percent:5.1f} %"
    killed, survived, untested, hung = (score.of(name) for name in ("killed", "survived", "no tests", "timeout"))
    others = len(score.outcomes) - killed - survived - untested - hung
    tried = f"sample: {len(score.outcomes)} of {score.mutants}" if score.sampled else f"all {score.mutants}"
    parts = f"{killed} killed, {survived} survived, {untested} no tests, {hung} timeouts"
    return f"{score.room:<12}{percent}  {parts}{f', {others} others' if others else ''}  ({tried})"
