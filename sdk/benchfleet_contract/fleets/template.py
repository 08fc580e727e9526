"""Placeholders of prompts: `{{name}}`, of word characters, without spaces."""

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
MAX_CHARS = 1_000_000  # of a rendered text: values that hold placeholders could double it with each of them


class MissingValues(ValueError):
    """`names` have no value, in the order of the text."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"no value for {', '.join(names)}")
        self.names = names


class TooLong(ValueError):
    """The rendered text would be longer than MAX_CHARS."""


def variables_of(text: str) -> list[str]:
    """The names of all placeholders, in order, with repetitions."""
    return _PLACEHOLDER.findall(text)


def has_variables(text: str) -> bool:
    """May the text hold placeholders? Braces of both kinds are enough."""
    return "{{" in text and "}}" in text


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with every placeholder replaced, one name after another in the order of the text.

    So a value that holds a placeholder that comes later is expanded, too; a name's own placeholder in its value stays.
    Raises MissingValues with all names that have no value, TooLong.
    """
    names = list(dict.fromkeys(variables_of(text)))
    if missing := [name for name in names if name not in values]:
        raise MissingValues(missing)
    for name in names:
        placeholder, value = f"{{{{{name}}}}}", values[name]
        if len(text) + text.count(placeholder) * (len(value) - len(placeholder)) > MAX_CHARS:
            raise TooLong(f"longer than {MAX_CHARS} characters once {name} is put in")
        text = text.replace(placeholder, value)
    return text
