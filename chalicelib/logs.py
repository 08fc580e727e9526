"""Logs of the Lambdas: one JSON object a line, which CloudWatch Logs Insights can query by field.

Each line has the names of what is being served (chalicelib/correlation.py), and nothing that opens anything.
"""

import logging
import re
from functools import cached_property

from chalicelib.correlation import served

SERVICE = "benchfleet"
_CUT = "[key]"
_SECRETS = (
    re.compile(r"(?i)(\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?i)(\bX-Amz-(?:Signature|Credential|Security-Token)=)[^&\s\"'<>\\]+"),
    re.compile(
        r"(?i)(\b(?:api_key|secret|password|attempt_token|claim_token)\\?[\"']?\s*[:=]\s*\\?[\"']?)[^\s\"'\\,}]{8,}"
    ),
    re.compile(r"()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
)


def write_json(logger: logging.Logger) -> None:
    """Every handler that the logger has writes JSON from now on, from INFO up. On Lambda the root logger has one."""
    formatter = _Json()
    for handler in logger.handlers:
        handler.setFormatter(formatter)
    logger.setLevel(logging.INFO)
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells at INFO where credentials came from


def without_secrets(text: str) -> str:
    """What looks like a key, a signature or credentials is cut out: an error of somebody else may quote a request."""
    for pattern in _SECRETS:
        text = pattern.sub(rf"\1{_CUT}", text)
    return text


class _Json(logging.Formatter):
    """What writes JSON is imported with the first line: a start costs a tenth less without it."""

    def format(self, record: logging.LogRecord) -> str:
        vars(record).update(served())
        return without_secrets(self._formatter.format(record))

    @cached_property
    def _formatter(self) -> logging.Formatter:
        from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

        return LambdaPowertoolsFormatter(service=SERVICE)
