"""What executors cost: a heartbeat, an announcement of fifty models, finding a model among ten and a thousand of them."""

import json
import time
from collections.abc import Mapping
from typing import Any

from benchfleet_contract.registry.executors import ExecutorHeartbeat, Load, ModelLoad
from benchfleet_contract.registry.limits import STALE_AFTER_INTERVALS

from benchmarks.metric import Metric
from benchmarks.subject import Subject, subject, units

MODELS, BEATS, FEW, MANY, READS = 50, 20, 10, 1_000, 5
FOUND = "org/model-0:8b"


def metrics() -> list[dict[str, Any]]:
    with subject() as under:
        costs = [*_announced(under), *_beaten(under), *_bytes(), *_stale(under)]
    with subject() as under:
        return [*costs, *_found(under)]


def _announced(under: Subject) -> list[dict[str, Any]]:
    """Told, not limited: an announcement is rare."""
    before = units(under.written())
    under.meter.reset()
    under.http.post("/executors", json=body("announced", MODELS)).raise_for_status()
    requests, paid = under.meter.total(), units(under.written()) - before + under.meter.refused_units
    how = f"a new executor with {MODELS} models of its own; a row for each of them, the catalogue, the executor, its events"
    return [
        Metric(f"DynamoDB requests per announcement of {MODELS} models", requests, "requests", 70, how).as_dict(),
        Metric(f"write units per announcement of {MODELS} models", paid, "WCU", 70, how).as_dict(),
    ]


def _beaten(under: Subject) -> list[dict[str, Any]]:
    """Each of an executor of its own: nobody waits for the shortest gap between two of one."""
    made = [_announce(under, f"beats-{number}", MODELS) for number in range(BEATS)]
    before = units(under.written())
    under.meter.reset()
    for reply in made:
        path = f"/executors/{reply['executor_id']}/heartbeat"
        under.http.post(path, json={"generation": reply["generation"], "sequence": 1, "load": {}}).raise_for_status()
    requests, paid = under.meter.total(), units(under.written()) - before + under.meter.refused_units
    how = f"mean of {BEATS} heartbeats of executors with {MODELS} models"
    return [
        Metric("DynamoDB requests per executor's heartbeat", requests / BEATS, "requests", 1, how).as_dict(),
        Metric("write units per executor's heartbeat", paid / BEATS, "WCU", 1, how).as_dict(),
    ]


def _bytes() -> list[dict[str, Any]]:
    """A heartbeat of an executor that tells all that it can of itself, and of the models that are at work."""
    busy = {f"org/model-{number}:8b": ModelLoad(active=1, queued=2, is_available=True) for number in range(4)}
    load = Load(
        active=4, queued=8, kv_cache_utilization=0.51, gpu_utilization=0.97, memory_utilization=0.83,
        requests_total=1_234_567, failures_total=1_234, tokens_total=987_654_321, models=busy,
    )  # fmt: skip
    sent = ExecutorHeartbeat(generation=1_800_000_000_000, sequence=123_456, progress=1_234_567, load=load)
    size = len(json.dumps(sent.model_dump(mode="json", exclude_none=True)).encode())
    how = "JSON with every field of the load, and four models at work"
    return [Metric("bytes of an executor's heartbeat", size, "B", 1_024, how).as_dict()]


def _stale(under: Subject) -> list[dict[str, Any]]:
    """In real time, from an executor's last heartbeat on: it is as if its process had been killed then."""
    made = _announce(under, "silent", 1, heartbeat_interval_s=1.0)
    path = f"/executors/{made['executor_id']}"
    under.http.post(f"{path}/heartbeat", json={"generation": made["generation"], "sequence": 1}).raise_for_status()
    last = time.monotonic()
    while under.http.get(path).raise_for_status().json()["executor"]["status"] != "stale":
        time.sleep(0.02)
    ratio = (time.monotonic() - last) / STALE_AFTER_INTERVALS
    how = "from the last heartbeat to the first reply that says stale, with an interval of 1 s, asked every 20 ms"
    name = "time until a silent executor is stale, over 3 intervals"
    return [Metric(name, round(ratio, 3), "ratio", 1.2, how).as_dict()]


def _found(under: Subject) -> list[dict[str, Any]]:
    few = _reads(under, range(FEW))
    many = _reads(under, range(FEW, MANY))
    how = f"mean of {READS} GET /models/find of a model that all of them have"
    return [
        Metric(f"requests per find, {FEW} executors", few, "requests", 3, how).as_dict(),
        Metric(f"requests per find, {MANY:,} executors", many, "requests", few, how).as_dict(),
    ]


def _reads(under: Subject, newcomers: range) -> float:
    for number in newcomers:
        _announce(under, f"finds-{number:04}", 1)
    under.meter.reset()
    for _ in range(READS):
        found = under.http.get("/models/find", params={"model_id": FOUND, "limit": "1"}).raise_for_status().json()
        assert found["model"]["executor_count"] == newcomers.stop
    return under.meter.total() / READS


def _announce(under: Subject, executor_id: str, models: int, **more: Any) -> Mapping[str, Any]:
    reply: Mapping[str, Any] = (
        under.http.post("/executors", json=body(executor_id, models, **more)).raise_for_status().json()
    )
    return reply


def body(executor_id: str, models: int, **more: Any) -> dict[str, Any]:
    """An announcement. Executors of the same number of models have the same ones."""
    described = [
        {
            "model_id": f"org/model-{number}:8b", "backend_type": "vllm",
            "capabilities": {"max_context_length": 131_072, "features": ["chat", "completion", "streaming"]},
        }
        for number in range(models)
    ]  # fmt: skip
    return {"executor_id": executor_id, "instance_id": "p", "heartbeat_interval_s": 300.0, "models": described} | more
