"""What the services count, and a sweep measures."""

from typing import Any

import pytest
from benchfleet_contract.states import TaskStatus

from chalicelib.domain.metering import Reading
from tests.contract.records import a_request, a_verdict
from tests.contract.system import BODY, System

ON_AWS: dict[str, Any] = {"local": [], "aws": [{"instance_type": "c8g.medium"}], "provision": {"aws": {}}}


def taken(system: System) -> dict[tuple[str, str | None], float]:
    return {(reading.name, reading.code): reading.value for reading in system.meter.take()}


def test_claims_are_counted_where_counters_are_and_not_with_each_request(system: System) -> None:
    system.create_run(BODY)
    for runner in ("one", "two"):
        assert system.claim_task("r", a_request(runner, now_ms=system.clock())).task
    assert taken(system) == {}
    system.drain()
    assert taken(system) == {("Claims", None): 2}


def test_a_sweep_tells_how_leases_ended_and_who_waits(system: System) -> None:
    system.create_run({**BODY, "max_attempts": 1})
    system.claim_task("r", a_request(now_ms=system.clock()))
    system.drain()
    system.clock.pass_s(121)
    system.sweep()
    told = taken(system)
    assert told[("LeasesTimedOut", None)] == 1
    assert (told[("OldestPendingTaskAge", None)], told[("MachinesUsdPerHour", None)]) == (0, 0)
    system.drain()
    system.clock.pass_s(60)
    system.sweep()
    assert taken(system)[("OldestPendingTaskAge", None)] == pytest.approx(60)


def test_machines_are_counted_with_what_they_cost_and_why_there_is_none(system: System) -> None:
    system.create_run({**BODY, **ON_AWS, "per_instance_type": {"tasks": 2, "instances": 2}})
    system.bring()
    assert taken(system)[("Launches", None)] == 2
    hourly = [launch.hourly for launch in system.launches.all("r")]
    system.sweep()
    assert taken(system)[("MachinesUsdPerHour", None)] == pytest.approx(sum(float(each or 0) for each in hourly))
    system.cloud.full.add(("eu-north-1", "c8g.medium"))
    system.create_run({**BODY, **ON_AWS, "run_id": "q"})
    system.bring()
    assert taken(system)[("LaunchFailures", "capacity")] >= 1


def test_an_archive_is_counted_with_its_size(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}})
    system.claim_task("r", a_request(now_ms=system.clock()))
    system.finish_task("r", 1, a_verdict(nonce=None, result_key=None, status=TaskStatus.FAILED))
    system.drain()
    system.meter.take()
    system.finalize()
    assert system.meter.take() == [Reading("ArchiveBytes", system.run().archive.size_bytes or 0, "Bytes")]
