"""How much of what a results folder holds is read: whoever ran the task wrote it, so nothing in it is trusted."""

import json
from itertools import islice
from typing import Any

from benchfleet_contract.bounds import (
    MAX_MEASUREMENTS as MAX_MEASUREMENTS,
)
from benchfleet_contract.bounds import (
    MAX_OUTPUT_BYTES as MAX_OUTPUT_BYTES,
)
from benchfleet_contract.bounds import (
    MAX_SAMPLES as MAX_SAMPLES,
)
from benchfleet_contract.bounds import (
    MAX_VALUES as MAX_VALUES,
)
from benchfleet_results.lines import MAX_NAME_CHARS as MAX_NAME_CHARS
from benchfleet_results.lines import cut as cut
from benchfleet_results.lines import whole as whole

MAX_METADATA_BYTES = 1024 * 1024
MAX_RUN_BYTES = 4 * 1024 * 1024
MAX_MANIFEST_BYTES = 256 * 1024 * 1024  # 100,000 tasks of the longest names
MAX_ERROR_BYTES = 64 * 1024  # of an error.txt
MAX_REASON_CHARS = 500
MAX_OPTIONS = 100  # of a run's workload
MAX_OPTION_CHARS = 400  # of one; deeper nesting than these have room for cannot be written as JSON again


def tame_options(options: object) -> dict[str, Any]:
    """Options of a workload as they are, where that is short and printable; the others as text."""
    found = options if isinstance(options, dict) else {}
    return {cut(name): _tame(value) for name, value in islice(found.items(), MAX_OPTIONS)}


def _tame(value: Any) -> Any:
    text = as_json(value)
    return value if len(text) <= MAX_OPTION_CHARS and text.isprintable() else cut(text, MAX_OPTION_CHARS)


def as_json(value: Any) -> str:
    """With names in order. What is nested too deeply for that is said to be so."""
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    except RecursionError:
        return "nested too deeply"
