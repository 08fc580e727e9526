"""What a run measured is written beside its archive, told once it is ready, and deleted with the run."""

import json
from typing import Any

import pytest

from chalicelib.archive.layout import summary_key
from chalicelib.domain.errors import RunNotFound, SummaryNotFound
from tests.contract.records import a_request, a_verdict
from tests.contract.system import BODY, System
from tests.unit.archive_uploads import upload_of


def output(seconds: float) -> bytes:
    one = {"benchmark": "x", "variant": "default", "unit": "s", "better": "lower", "samples": [seconds]}
    return json.dumps({"schema_version": 1, "workload": "mock", "measurements": [one]}).encode()


def ended(system: System, *outputs: bytes, **changes: Any) -> None:
    """A run whose tasks are completed with these results, and whose archive is built."""
    system.create_run({**BODY, "per_instance_type": {"tasks": len(outputs)}, **changes})
    for number, data in enumerate(outputs, start=1):
        urls = system.claim_task("r", a_request(f"runner-{number}", now_ms=system.clock())).presigned_urls
        assert urls
        key = urls.result_key
        system.objects.put(key, upload_of([("./output.json", data)]), content_type="application/gzip")
        nonce = key.split("/")[-2].split("-", 1)[1]
        system.finish_task("r", number, a_verdict(f"runner-{number}", nonce=nonce, result_key=key))
    system.drain()
    system.finalize()


def test_it_is_told_once_the_archive_is_ready(system: System) -> None:
    system.create_run(BODY)
    with pytest.raises(SummaryNotFound, match="when the run has ended"):
        system.read_runs.summary("r")
    with pytest.raises(RunNotFound):
        system.read_runs.summary("other")


def test_it_holds_the_ranking_of_what_was_archived(system: System) -> None:
    ended(system, output(1.0), output(2.0), b"{")
    found = system.read_runs.summary("r")
    (row,) = found.boards[0].ranking
    assert (found.run_id, found.tasks, row.label, row.tasks) == ("r", 2, "local box", 2)
    assert row.mean == pytest.approx(2**0.5)
    assert found.omitted == ["1 results without an output.json that can be read."]


def test_a_repeated_build_writes_the_same_bytes(system: System) -> None:
    ended(system, output(1.0), output(2.0))
    before = system.objects.read(summary_key("r"))
    system.build_archive.builder.build(system.run(), document=b"{}", tasks=system.all())
    assert system.objects.read(summary_key("r")) == before


def test_an_archive_without_one_says_how_to_get_the_results(system: System) -> None:
    ended(system, output(1.0))
    system.objects.delete_some(summary_key("r"))
    with pytest.raises(SummaryNotFound, match="benchfleet report"):
        system.read_runs.summary("r")


def test_deleting_the_run_deletes_it(system: System) -> None:
    ended(system, output(1.0))
    assert system.storage.summary("r")
    system.delete_run("r")
    system.remove()
    assert system.storage.summary("r") is None
