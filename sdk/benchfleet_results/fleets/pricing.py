"""What requests to one target cost, and what each may cost at most. Look them up before sending: the list is slow to load."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from benchfleet_contract.fleets.outcomes import Usage
from benchfleet_contract.fleets.plan import BUDGET_TOKENS, CAPS, Parameters, ProviderSettings, TestRequest

from benchfleet_results.fleets.tariffs import NoPrice, Tariff, Tokens, free_of_charge, tariff

TEMPLATE_TOKENS = 64  # what a chat template puts around a prompt


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Prices:
    """Of one target, at `at`: when its shard begins, say. A test may ask for another model, or for another tier."""

    settings: ProviderSettings
    model: str
    at: datetime = field(default_factory=now)
    _mosts: dict[str, float | None] = field(default_factory=dict)
    _known: dict[tuple[str, str], Tariff | NoPrice] = field(default_factory=dict)

    def cost(self, test: TestRequest, usage: Usage, at: datetime) -> tuple[float | None, str | None]:
        """USD of a request that was sent at `at`, and where its price is from; None where nobody knows."""
        tokens = Tokens(usage.prompt_tokens, usage.completion_tokens, usage.cached or 0, usage.reasoning or 0)
        try:
            found = self._tariff(test)
            return float(found.cost_usd(tokens, at)), found.source
        except NoPrice:
            return None, None

    def most_usd(self, test: TestRequest) -> float | None:
        """What a request may cost at most: 0.0 where nobody sends a bill, None where no price is known.

        A token of a prompt has a byte or more, an answer at most `max_tokens`.
        """
        if test.key not in self._mosts:
            self._mosts[test.key] = self._most_usd(test)
        return self._mosts[test.key]

    def _most_usd(self, test: TestRequest) -> float | None:
        try:
            return float(self._tariff(test).most_usd(_most_tokens(test), self.at))
        except NoPrice:
            return 0.0 if free_of_charge(self.settings) else None

    def warnings(self, tests: Iterable[TestRequest]) -> list[str]:
        """What is not sure about the prices of these tests, and which models have none."""
        found: dict[str, None] = {}
        for test in tests:
            try:
                found |= dict.fromkeys(f"price of {self._model(test)}: {note}" for note in self._tariff(test).notes)
            except NoPrice as why:
                found[f"no price of {self._model(test)} is known: {why}"] = None
        return list(found)

    def unknown(self, test: TestRequest) -> NoPrice | None:
        """Why there is no price of it; None where there is one."""
        try:
            self._tariff(test)
        except NoPrice as why:
            return why
        return None

    def _model(self, test: TestRequest) -> str:
        return test.model or self.model

    def _tariff(self, test: TestRequest) -> Tariff:
        key = self._model(test), json.dumps(test.parameters.extra, sort_keys=True, default=str)
        if key not in self._known:
            try:
                self._known[key] = tariff(self.settings, key[0], extra=test.parameters.extra, at=self.at)
            except NoPrice as why:
                self._known[key] = why
        found = self._known[key]
        if isinstance(found, NoPrice):
            raise found
        return found


def _most_tokens(test: TestRequest) -> Tokens:
    text = test.prompt + (test.system or "")
    extra = json.dumps(test.parameters.extra, default=str) if test.parameters.extra else ""
    prompt = len(text.encode(errors="replace")) + len(extra.encode()) + TEMPLATE_TOKENS
    return Tokens(prompt, most_made(test.parameters))


def most_made(parameters: Parameters) -> int:
    """Tokens of all answers to one request, which `n` asks several of.

    What `extra` says wins in the body, but only where the provider knows it by that name: so the most of all counts.
    """
    extra = parameters.extra
    caps = [cap for name in CAPS if (cap := _count(extra.get(name)))]
    return (max([*caps, parameters.max_tokens or 0]) or BUDGET_TOKENS) * (_count(extra.get("n")) or 1)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
