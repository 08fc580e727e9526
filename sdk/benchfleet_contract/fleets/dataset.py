"""Datasets: prompts with their variables, what is expected of the answers, and how they are sampled."""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from benchfleet_contract.fleets.asserting import check_assertions
from benchfleet_contract.fleets.plan import Parameters
from benchfleet_contract.fleets.template import MissingValues, TooLong, render
from benchfleet_contract.fleets.written import ID_RULE, Faults, Written

Temperature = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]
_ID = "use letters, digits, dots, dashes and underscores, at most 128: it is a file's name"


class Sampling(Written):
    """How an answer is sampled. What is left out is taken from the level above; in the end, from the provider."""

    temperature: Temperature | None = Field(default=None, examples=[0.7])
    max_tokens: Annotated[int, Field(ge=1)] | None = Field(default=None, examples=[500])
    top_p: Share | None = Field(default=None, examples=[0.9])
    stop: list[str] | None = Field(default=None, examples=[["\n\n"]])
    seed: int | None = Field(default=None, examples=[7])


class TestConfig(Sampling):
    """Of one test; it wins over everything else. `model` is called instead of the target's."""

    __test__ = False

    model: Text | None = None


class TestCase(Written):
    """`assertions` and `system` are ours; the rest is as the reference system has it."""

    __test__ = False

    id: Text = Field(examples=["fizzbuzz-python"])
    prompt: Text = Field(examples=["Add {{a}} and {{b}}."])
    category: str | None = None
    variables: dict[str, str] | None = Field(default=None, examples=[{"a": "2"}])
    expected: str | None = None
    references: list[str] | None = None
    config: TestConfig | None = None
    metadata: dict[str, Any] | None = None
    assertions: list[dict[str, Any]] = Field(default=[], examples=[[{"type": "contains", "value": "4"}]])
    system: str | None = None


class Dataset(Written):
    """One file of prompts. `version` is the author's own, and not checked."""

    name: Text = Field(examples=["coding-tasks"])
    description: str | None = None
    version: str = Field(examples=["1.0.0"])
    test_cases: list[TestCase] = Field(min_length=1, examples=[[{"id": "add", "prompt": "Add 2 and 2."}]])
    defaults: Sampling | None = None
    metadata: dict[str, Any] | None = None
    assertions: list[dict[str, Any]] = Field(default=[])
    system: str | None = None


def read_dataset(document: Any, faults: Faults) -> Dataset | None:
    """The dataset; None, and all problems, if it is none. Ids are unique and fit a file's name; every placeholder has a value."""
    dataset = faults.read(Dataset, document)
    if dataset is None:
        return None
    before = len(faults.found)
    check_assertions(dataset.assertions, ("assertions",), faults)
    seen: dict[str, int] = {}
    for index, test in enumerate(dataset.test_cases):
        _check(test, index, seen, faults)
        _check_text(test.system if test.system is not None else dataset.system, test, (index, "system"), faults)
    return dataset if len(faults.found) == before else None


def _check(test: TestCase, index: int, seen: dict[str, int], faults: Faults) -> None:
    path = ("test_cases", index, "id")
    if not re.match(ID_RULE, test.id) or "\n" in test.id:
        faults.refuse(path, test.id, "cannot be an id", _ID)
    first = seen.setdefault(test.id, index)
    if first != index:
        faults.refuse(path, test.id, f"is the id of test_cases[{first}], too", "give each test an id of its own")
    _check_text(test.prompt, test, (index, "prompt"), faults)
    check_assertions(test.assertions, ("test_cases", index, "assertions"), faults)


def _check_text(text: str | None, test: TestCase, where: tuple[int, str], faults: Faults) -> None:
    try:
        render(text or "", test.variables or {})
    except MissingValues as missing:
        names = ", ".join(missing.names)
        words = f"no value for {names}"
        remedy = f'add it to variables; to keep the braces, "{missing.names[0]}": "{{{{{missing.names[0]}}}}}"'
        faults.refuse(("test_cases", *where), text, words, remedy)
    except TooLong as error:
        faults.refuse(("test_cases", *where), text, str(error), "shorten the values")


def sampled(levels: Iterable[Sampling | None], extra: dict[str, Any]) -> Parameters:
    """The parameters of a request: of each name the value of the last level that has one."""
    found: dict[str, Any] = {}
    for level in levels:
        if level is not None:
            known = {name: getattr(level, name) for name in Sampling.model_fields}
            found |= {name: value for name, value in known.items() if value is not None}
    return Parameters(**found, extra=extra)
