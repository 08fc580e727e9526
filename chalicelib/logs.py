"""Logs of the Lambdas: one JSON object a line, which CloudWatch Logs Insights can query by field."""

import logging

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter


def write_json(logger: logging.Logger) -> None:
    """Every handler that the logger has writes JSON from now on, from INFO up. On Lambda the root logger has one."""
    formatter = LambdaPowertoolsFormatter()
    for handler in logger.handlers:
        handler.setFormatter(formatter)
    logger.setLevel(logging.INFO)
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells at INFO where credentials came from
