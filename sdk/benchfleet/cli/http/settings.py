"""Options of the kind `http` from a command line: suites, --quick, and any other as --set NAME=VALUE."""

import json
from collections.abc import Sequence
from typing import Any

from benchfleet_contract.workloads.http import HttpOptions
from benchfleet_contract.workloads.options import InvalidOptions, parse

from benchfleet.exceptions import UsageError


def settings(suite: str, given: Sequence[str], *, quick: bool) -> HttpOptions:
    """`given`: `NAME=VALUE` each, the value as JSON or as text. Raises UsageError with all that is wrong."""
    options: dict[str, Any] = {"suites": [name.strip() for name in suite.split(",")], "quick": quick}
    for word in given:
        name, sign, value = word.partition("=")
        if not sign:
            raise UsageError(f"--set {word} has no value: write NAME=VALUE, such as duration_s=5")
        options[name.strip()] = _read(value)
    try:
        return parse(HttpOptions, options, where="--set")
    except InvalidOptions as error:
        raise UsageError(str(error)) from error


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
