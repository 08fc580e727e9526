"""Tells what was measured, in CloudWatch's Embedded Metric Format: JSON lines in the log, which CloudWatch makes metrics of.

The format: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.
"""

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

from chalicelib.domain.metering import Reading

if TYPE_CHECKING:
    from chalicelib.wiring.container import Services

NAMESPACE = "benchfleet"


def tell_metrics(services: "Services") -> None:
    """Writes what was measured since the last time, if anybody wants it; nothing for what was nothing."""
    stream, readings = _stream(services.settings.metrics), services.meter.take()
    if stream and readings:
        for line in emf(readings, stage=services.settings.stage, now_ms=services.clock()):
            print(line, file=stream, flush=True)


def emf(readings: Iterable[Reading], *, stage: str, now_ms: int) -> list[str]:
    """One line for all readings without a code, and one for each code. What has a code counts in the sum of all, too."""
    by_code: dict[str | None, list[Reading]] = {}
    for reading in readings:
        by_code.setdefault(reading.code, []).append(reading)
    return [json.dumps(_document(of_code, code, stage, now_ms)) for code, of_code in by_code.items()]


def _document(readings: list[Reading], code: str | None, stage: str, now_ms: int) -> dict[str, Any]:
    dimensions = [["stage"]] if code is None else [["stage"], ["stage", "code"]]
    metrics = [{"Name": reading.name, "Unit": reading.unit} for reading in readings]
    directive = {"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}
    named = {"stage": stage} if code is None else {"stage": stage, "code": code}
    values = {reading.name: reading.value for reading in readings}
    return {"_aws": {"Timestamp": now_ms, "CloudWatchMetrics": [directive]}, **named, **values}


def _stream(name: str | None) -> TextIO | None:
    return {"stdout": sys.stdout, "stderr": sys.stderr}.get(name or "")
