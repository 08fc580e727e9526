"""The subjects that a `POST /runs` body compares, and what is wrong with them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchfleet_contract import limits
from benchfleet_contract.names import IMAGE, SUBJECT
from benchfleet_contract.reading import Reading, is_too_deep
from benchfleet_contract.run_instances import is_field
from benchfleet_contract.runs import Subject

_ENTRY = '{"name": "ruby-3.4", "ruby_version": "3.4.7"}'


@dataclass(frozen=True)
class Given:
    """One entry of the list, at the path `where`. `subject` is None for one that has no good name or image."""

    where: str
    options: dict[str, Any]
    subject: Subject | None = None


def read_subjects(body: Mapping[str, Any], reading: Reading) -> list[Given]:
    """Never raises: problems go into the reading."""
    value = subjects_in(body)
    if value is None:
        return []
    if not isinstance(value, list):
        reading.refuse("subjects", value, "Subjects must be a list", f'such as "subjects": [{_ENTRY}]')
        return []
    if len(value) > limits.MAX_GROUPS:
        words = f"Run has too many subjects: {len(value)} of at most {limits.MAX_GROUPS}"
        reading.refuse("subjects", len(value), words, "split it into several runs")
        return []
    taken: dict[str, int] = {}
    read = [_given(index, entry, taken, reading) for index, entry in enumerate(value)]
    return [given for given in read if given]


def subjects_in(body: Mapping[str, Any]) -> Any:
    """What stands there, in whatever shape; None where there are none."""
    value = body.get("subjects")
    return value if is_field("subjects", value) else None


def _given(index: int, entry: Any, taken: dict[str, int], reading: Reading) -> Given | None:
    where, before = f"subjects[{index}]", len(reading.problems) + reading.untold
    if not isinstance(entry, dict):
        reading.refuse(where, entry, f"Subject must be an object with a name ({where})", f"write {_ENTRY}")
        return None
    _check_name(f"{where}.name", entry.get("name"), index, taken, reading)
    image = entry.get("image")
    if image is not None and not (isinstance(image, str) and IMAGE.fullmatch(image)):
        remedy = "an image's name of at most 255 printable ASCII characters, such as ruby:3.4.7, or leave it out"
        reading.refuse(f"{where}.image", image, f"Image is invalid ({where}.image)", remedy)
    options = {key: value for key, value in entry.items() if key not in ("name", "image")}
    size = len(json.dumps(options).encode())
    if size > limits.MAX_OPTIONS_BYTES:
        remedy = f"at most {limits.MAX_OPTIONS_BYTES} bytes of JSON"
        reading.refuse(where, f"{size} bytes", f"Subject is too large ({where})", remedy)
    if is_too_deep(options):
        reading.refuse_too_deep(where, "Subject")
    good = len(reading.problems) + reading.untold == before
    return Given(where, options, Subject(name=entry["name"], image=image, options=options) if good else None)


def _check_name(where: str, name: Any, index: int, taken: dict[str, int], reading: Reading) -> None:
    if not isinstance(name, str) or not SUBJECT.fullmatch(name):
        words = "Subject name can't be blank" if name in (None, "") else "Subject name is invalid"
        remedy = "a letter or digit, then letters, digits, dot, dash, underscore and plus, at most 64"
        reading.refuse(where, name, f"{words} ({where})", remedy)
    elif (first := taken.setdefault(name, index)) != index:
        reading.refuse(where, name, f"Subject name is taken ({where})", f"another one: subjects[{first}] has it")
