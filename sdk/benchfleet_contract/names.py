"""What a name may look like, and how ids are put together."""

import re
from typing import Any
from urllib.parse import quote

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
# `/runs/a.json` is run `a`, and `latest` on a command line is the newest run: no new run may have such a name.
NEW_RUN_ID = re.compile(rf"(?!latest$|.*\.json$){RUN_ID.pattern}")
TASK_ID = re.compile(rf"{RUN_ID.pattern}\.[1-9][0-9]{{0,6}}")
LAUNCH = re.compile(r"bf-[0-9a-f]{8}-[1-9][0-9]{0,8}")
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
IMAGE = re.compile(r"[!-,.-~][!-~]{0,254}")
CORRELATION_HEADER = "Benchfleet-Correlation-Id"
CORRELATION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=-]{0,63}")
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]{1,128}")


def fits_a_key(value: str) -> bool:
    """May the value be part of a key of the table? Keys hold it percent-encoded and may have 1,024 bytes in all."""
    return len(quote(value, safe="")) <= 512


def run_id_of(value: Any) -> str | None:
    """The run id that a JSON value names, or None if it names none; an integer is taken as its digits, and 7.0 is 7."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**128:
        value = str(value)
    return value if isinstance(value, str) and RUN_ID.fullmatch(value) else None


def correlation_of(value: Any) -> str | None:
    """The id under which a caller wants to be found in the logs; None for what is no such id."""
    return value if isinstance(value, str) and CORRELATION_ID.fullmatch(value) else None


def task_id(run_id: str, number: int) -> str:
    return f"{run_id}.{number}"


def split_task_id(value: str) -> tuple[str, int] | None:
    """`<run_id>.<n>` as (run_id, n); None if it is not a task id. n is 1 or more, without leading zeros."""
    run_id, _, digits = value.rpartition(".")
    if not RUN_ID.fullmatch(run_id) or not re.fullmatch(r"[1-9][0-9]{0,6}", digits):
        return None
    return run_id, int(digits)


def again(subject: str) -> str:
    """The second name of a subject that is measured twice, for the noise floor of its run."""
    return f"{subject}+again"


def folder_name(alias: str | None, instance_type: str, number: int, subject: str | None = None) -> str:
    """The folder of a task in an archive and in `results/`, safe on any file system.

    `<alias or instance type>-<n>`, in a run with subjects `<alias or instance type>-<subject>-<n>`.
    """
    names = (alias or instance_type, *([subject] if subject else []))
    safe = [re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[:100] for name in names]
    return "-".join([*(name or "task" for name in safe), str(number)])
