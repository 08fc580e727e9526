"""What is read of an upload for judging it: the two files that tell, and nothing of what an archive would not take."""

import json
import math
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from benchfleet_contract.states import TaskStatus

from chalicelib.archive.results import LARGEST, OUTPUT, ResultReader
from chalicelib.archive.unpack import Limits
from chalicelib.domain import seals
from chalicelib.domain.records import Task
from tests.contract.records import a_task
from tests.contract.system import System
from tests.unit.archive_uploads import upload_of

KEY = "runs/r/results/1/1-n/result.tar.gz"
TASK = replace(a_task(1), status=TaskStatus.COMPLETED, attempt=1, result_key=KEY)


def output(*samples: float, **changes: Any) -> bytes:
    one = {"benchmark": "x", "variant": "default", "unit": "s", "better": "lower", "samples": samples} | changes
    return json.dumps({"schema_version": 1, "workload": "mock", "measurements": [one]}).encode()


def metadata(instance: Any) -> bytes:
    return json.dumps({"provenance": {"machine": {"instance": instance}}}).encode()


def read(system: System, data: bytes, task: Task = TASK, limits: Limits | None = None) -> Any:
    system.objects.put(KEY, data, content_type="application/gzip")
    return ResultReader(lambda: system.objects, limits=limits).read(task)


def test_it_holds_the_logarithm_of_the_mean_and_the_instance(system: System) -> None:
    files = [("deep/output.json", output(9.0)), ("./output.json", output(1.0, 3.0)), ("metadata.json", metadata("m-1"))]
    found = read(system, upload_of(files))
    assert found.boards == {("mock", "default", "time", "lower"): {"('x', 's')": math.log(2.0)}}
    assert found.steps == {("mock", "default", "time", "lower"): {"('x', 's')": 1.0}}
    assert (found.number, found.attempt, found.instance, found.problem) == (1, 1, "m-1", None)


@pytest.mark.parametrize("raw", [b"{", b"[]", metadata(None), metadata(7), metadata(""), b"{}"])
def test_an_instance_that_was_not_recorded_is_none(system: System, raw: bytes) -> None:
    found = read(system, upload_of([("output.json", output(1.0)), ("metadata.json", raw)]))
    assert (found.instance, found.problem) == (None, None)


def test_of_an_older_runner_the_cloud_tells_the_instance(system: System) -> None:
    """As in a report: a run must not end as if tasks of two instances were repeats of one."""
    raw = json.dumps({"provenance": {"machine": {"cloud": {"instanceId": "i-1"}}}}).encode()
    assert read(system, upload_of([("output.json", output(1.0)), ("metadata.json", raw)])).instance == "i-1"


def test_what_no_geometric_mean_is_made_of_is_left_out(system: System) -> None:
    assert read(system, upload_of([("output.json", output(0.0))])).boards == {}
    assert read(system, upload_of([("output.json", output(1.0, unit="%", metric="share"))])).boards == {}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no archive", "gzip"),
        (upload_of([("x", b"")]), "there is no output.json"),
        (upload_of([("output.json", b"{")]), "output.json is none of ours"),
        (upload_of([("output.json", b" " * (LARGEST[OUTPUT] + 1))]), "at most 16777216 are judged by"),
    ],
)
def test_what_is_wrong_is_told(system: System, data: bytes, words: str) -> None:
    found = read(system, data)
    assert words in found.problem
    assert found.boards == {}


def test_an_upload_that_is_not_what_the_task_ended_with_counts_for_nothing(system: System) -> None:
    data = upload_of([("output.json", output(1.0))])
    right = replace(TASK, seal=seals.of_digest(sha256(data).hexdigest()))
    assert read(system, data, right).problem is None
    wrong = read(system, data, replace(TASK, seal=seals.of_digest("0" * 64)))
    assert "not what the task ended with" in wrong.problem
    assert wrong.boards == {}


def test_nothing_uploaded_is_told(system: System) -> None:
    reader = ResultReader(lambda: system.objects)
    assert reader.read(replace(TASK, result_key=None)).problem == "nothing was uploaded"
    assert reader.read(replace(TASK, result_key=KEY + "x")).problem == "the uploaded object does not exist"


def test_an_upload_that_unpacks_to_too_much_is_refused(system: System) -> None:
    data = upload_of([("output.json", output(1.0)), ("big", b"\0" * 100_000)])
    assert "unpacks to more than" in read(system, data, limits=Limits(free_bytes=1000, max_ratio=1)).problem
