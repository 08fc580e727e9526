"""The table's stream, which `chalice deploy` and `chalice package` write into the event source of `count`."""

import re
from collections.abc import Mapping

VARIABLE = "BENCHFLEET_STREAM_ARN"
# `chalice` sets this in its own process; functions, tests and the emulator import the app without an ARN.
CHALICE_AT_WORK = "AWS_CHALICE_CLI_MODE"
_ARN = re.compile(r"arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d{12}:table/[^/]+/stream/.+")
_EXPRESSION = re.compile(r"\$\{.+\}")  # what Terraform, or a merged template, fills in
_REMEDY = (
    "export the output StreamArn of the stack as {variable}, or one of the expressions of docs/deploy.md (for `chalice "
    "package`), or run `benchfleet deploy`, which does it"
)


class StreamArnUnusable(SystemExit):
    """`chalice` would write an event source that AWS refuses, or that reads nothing. It ends with these words instead."""


def stream_arn(environment: Mapping[str, str]) -> str:
    """Empty where nothing is deployed and no ARN is known. Raises StreamArnUnusable."""
    arn = environment.get(VARIABLE, "")
    if CHALICE_AT_WORK in environment and not (_ARN.fullmatch(arn) or _EXPRESSION.fullmatch(arn)):
        said = f"is {arn!r}, which is no ARN of a table's stream" if arn else "is not set"
        raise StreamArnUnusable(f"{VARIABLE} {said}: {_REMEDY.format(variable=VARIABLE)}")
    return arn
