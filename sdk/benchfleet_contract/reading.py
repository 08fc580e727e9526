"""What reading a `POST /runs` body came to: a request, or everything that is wrong with the body."""

import json
from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract import limits
from benchfleet_contract.problems import Problem
from benchfleet_contract.runs import RunRequest

_SHOWN_CHARS = 200
MOST_TOLD = 1_000  # a body may hold half a million bad entries; an answer has no room for as many sentences


def is_too_deep(value: Any) -> bool:
    """Has the value lists and objects within each other, deeper than the limit? Such a one could be read, but not shown."""
    level = [value]
    for _ in range(limits.MAX_NESTING):
        inner = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        level = [value for values in inner for value in values]
    return any(isinstance(each, dict | list) for each in level)


@dataclass
class Reading:
    """What was read: `request` is there exactly when `problems` is empty. `words` are the problems as the wire says them."""

    request: RunRequest | None = None
    problems: list[Problem] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    has_instances: bool = False
    untold: int = 0

    def refuse(self, where: str, value: Any, words: str | list[str], remedy: str) -> None:
        """Beyond MOST_TOLD problems are only counted; `close` tells how many."""
        if len(self.problems) >= MOST_TOLD:
            self.untold += 1
            return
        text = value if isinstance(value, str) else json.dumps(value)
        shown = value if isinstance(value, int | float | bool | None) else text[:_SHOWN_CHARS]
        for sentence in [words] if isinstance(words, str) else words:
            self.words.append(sentence)
            self.problems.append(Problem(field=where, value=shown, message=sentence, remedy=remedy))

    def refuse_too_deep(self, where: str, label: str) -> None:
        words = f"{label} is nested too deeply ({where})"
        self.refuse(where, None, words, f"at most {limits.MAX_NESTING} lists and objects within each other")

    def close(self) -> None:
        if self.untold:
            message, remedy = f"{self.untold} more problems are not told", "mend those that are, and ask again"
            self.words.append(message)
            self.problems.append(Problem(field="(body)", value=self.untold, message=message, remedy=remedy))
