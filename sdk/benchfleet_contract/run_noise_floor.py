"""`noise_floor` of a `POST /runs` body: one subject is measured twice, under two names."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchfleet_contract.names import SUBJECT, again
from benchfleet_contract.reading import Reading
from benchfleet_contract.run_instances import is_field
from benchfleet_contract.runs import Subject

FIELD = "noise_floor"


def read_noise_floor(body: Mapping[str, Any], reading: Reading) -> bool:
    """Never raises: problems go into the reading."""
    value = body.get(FIELD)
    if value is None or not is_field(FIELD, value):
        return False
    if not isinstance(value, bool):
        reading.refuse(FIELD, value, "Noise floor must be true or false", "true measures the first subject twice")
    return value is True


def with_noise_floor(subjects: Sequence[Subject], workload: str, reading: Reading) -> list[Subject]:
    """The subjects and, last, the first of them again. Work without subjects becomes two that are named after it.

    Last, so that as much time as possible lies between the two: what changes with time belongs to the floor.
    """
    first = subjects[0] if subjects else Subject(name=workload)
    name = again(first.name)
    if not SUBJECT.fullmatch(name):
        words = f"The first subject's name is too long for a noise floor: {first.name}"
        reading.refuse(FIELD, True, words, f"at most {64 - len(again(''))} characters: it is measured again as {name}")
    if any(subject.name == name for subject in subjects):
        words = f"Subject name is taken: {name}"
        reading.refuse(
            FIELD, True, words, "rename that subject: the noise floor measures the first one under this name"
        )
    return [*(subjects or [first]), first.model_copy(update={"name": name})]
