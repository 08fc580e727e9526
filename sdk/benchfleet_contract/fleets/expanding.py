"""From the tests of a dataset to the requests of a shard: which, how often, in which order, with which parameters."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from benchfleet_contract.fleets.dataset import Dataset, Sampling, TestCase, sampled
from benchfleet_contract.fleets.plan import BUDGET_TOKENS, CAPS, Parameters, TestRequest
from benchfleet_contract.fleets.settings import Settings
from benchfleet_contract.fleets.template import MissingValues, TooLong, render
from benchfleet_contract.fleets.written import Faults


def chosen(tests: Sequence[TestCase], seed: int | None, most: int | None) -> list[TestCase]:
    """Shuffled if there is a seed, then the first `most`.

    The order is that of sha256(`<seed>:<test id>`): the same for every target, and on every version of Python.
    """
    ordered = list(tests)
    if seed is not None:
        ordered.sort(key=lambda test: hashlib.sha256(f"{seed}:{test.id}".encode()).digest())
    return ordered[:most]


def requests_of(
    dataset: Dataset,
    tests: Iterable[TestCase],
    settings: Settings,
    scenario: Sampling | None,
    extra: dict[str, Any],
    faults: Faults,
) -> list[TestRequest]:
    """All tests once, then all of them again, `settings.repeats` times, and that for each load of a sweep.

    Of each parameter the last of these that has a value counts: the dataset's defaults, the manifest's settings, the
    scenario's, the test's own config.
    """
    levels = (dataset.defaults, settings, scenario)
    first = [_request(dataset, test, settings, levels, extra, faults) for test in tests]
    sweep = settings.load.sweep
    steps = range(len(sweep.rates) + len(sweep.concurrencies)) if sweep else [None]
    if settings.repeats == 1 and not sweep:
        return first
    rounds = [(step, each) for step in steps for each in range(settings.repeats)]
    return [
        request.model_copy(update={"key": f"{request.test_id}#{repeat}", "repeat": repeat, "step": step})
        for repeat, (step, _) in enumerate(rounds, start=1)
        for request in first
    ]


def _request(
    dataset: Dataset,
    test: TestCase,
    settings: Settings,
    levels: tuple[Sampling | None, ...],
    extra: dict[str, Any],
    faults: Faults,
) -> TestRequest:
    values = test.variables or {}
    return TestRequest(
        key=test.id,
        test_id=test.id,
        category=test.category,
        prompt=render(test.prompt, values),
        system=_system(dataset, test, settings, faults),
        parameters=_ended(sampled((*levels, test.config), extra), settings),
        model=test.config.model if test.config else None,
        expected=test.expected,
        references=test.references or [],
        assertions=_assertions(dataset, test, settings),
        metadata=test.metadata or {},
    )


def _assertions(dataset: Dataset, test: TestCase, settings: Settings) -> list[dict[str, Any]]:
    """The test's, its dataset's, the manifest's. A judge with a rubric of its own judges every test."""
    every = [*test.assertions, *dataset.assertions, *settings.assertions]
    rubric = settings.judge.rubric if settings.judge else None
    if rubric is None:
        return every
    if not any(is_rubric(one) for one in every):
        every.append({"type": "llm-rubric"})
    return [{**one, "value": one.get("value") or rubric} if is_rubric(one) else one for one in every]


def is_rubric(assertion: dict[str, Any]) -> bool:
    return str(assertion.get("type")).removeprefix("not-") == "llm-rubric"


def _ended(parameters: Parameters, settings: Settings) -> Parameters:
    """With `max_cost` every answer has an end, so that what it may cost is known."""
    if settings.budget is None or parameters.max_tokens or set(CAPS) & set(parameters.extra):
        return parameters
    return parameters.model_copy(update={"max_tokens": BUDGET_TOKENS})


def _system(dataset: Dataset, test: TestCase, settings: Settings, faults: Faults) -> str | None:
    text = next((one for one in (test.system, dataset.system, settings.system) if one is not None), None)
    try:
        return None if text is None else render(text, test.variables or {})
    except (MissingValues, TooLong) as error:
        remedy = f"test {test.id} has to have it among its variables"
        faults.refuse(("settings", "system"), text, str(error), remedy)
        return None
