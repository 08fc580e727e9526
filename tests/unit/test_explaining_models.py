"""What executors lack of the model that a run demands, as an explanation tells it."""

from typing import Any

from benchfleet.explaining.document import Explanation, Finding
from benchfleet.explaining.judging import judge
from benchfleet.explaining.models import Registry, unfit
from benchfleet_contract.registry.descriptors import ModelDescriptor
from benchfleet_contract.registry.executors import Capacity, ExecutorDetail, ExecutorEntry, Lease, Load
from benchfleet_contract.registry.models import Filters
from benchfleet_contract.runners import RunnerList

from tests.unit.explained_runs import NOW, a_run, a_runner, a_task
from tests.unit.registry_records import a_model

DIGEST = "a" * 64


def an_entry(name: str = "host", **changes: Any) -> ExecutorEntry:
    told: dict[str, Any] = {
        "executor_id": name, "generation": 1, "status": "available", "pressure": "idle", "is_connected": True,
        "stuck": False, "last_seen": 0.0, "load_age_s": 42.0, "utilization": 0.0, "active": 1, "queued": 0,
        "free_slots": 0, "capacity": Capacity(), "labels": {}, "model_ids": ["gpt-4"], "reliability": None,
    }  # fmt: skip
    return ExecutorEntry.model_validate(told | changes)


def a_detail(entry: ExecutorEntry, **changes: Any) -> ExecutorDetail:
    lease = Lease(heartbeat_interval_s=1, stale_after_s=3, removal_after_s=10, lease_expires_at=0, removal_at=0)
    return ExecutorDetail(
        executor=entry, instance_id="p", catalog_version=1, sequence=1, load=Load(), lease=lease, events=[], server_time=0,
        models=[ModelDescriptor.model_validate(a_model("gpt-4", **changes))], descriptor_digests={"gpt-4": DIGEST},
    )  # fmt: skip


def told(
    *entries: ExecutorEntry, able: tuple[str, ...] = (), details: tuple[ExecutorDetail, ...] = (), **model: Any
) -> tuple[Explanation, Finding]:
    tasks = [a_task(1), a_task(2)]
    run = a_run(tasks, model={"model_id": "gpt-4"} | model)
    known = {detail.executor.executor_id: detail for detail in details}
    runners = RunnerList(run_id="r", runners=[a_runner("far", "aws/c8g.large")])
    found = judge(run, tasks, runners, NOW, registry=Registry(entries, frozenset(able), known))
    return found, next(finding for finding in found.findings if finding.kind == "model")


def test_nobody_has_announced_itself() -> None:
    explanation, finding = told()
    assert explanation.headline.startswith("2 tasks demand gpt-4: no executor has announced itself")
    assert (finding.weight, finding.details, "benchfleet executor" in (finding.remedy or "")) == ("problem", [], True)


def test_each_executor_is_told_with_what_it_lacks_the_nearest_first() -> None:
    without = an_entry("bare", model_ids=["tiny"])
    drains, silent = an_entry("drains", status="draining"), an_entry("silent", status="stale")
    full = an_entry("full", status="overloaded", active=4, queued=7, capacity=Capacity(max_concurrent=4))
    far = an_entry("far")
    _, finding = told(without, drains, silent, full, far, able=("far",))
    assert finding.words == "2 tasks demand gpt-4: none of 5 executors can take work for it"
    assert finding.details == [
        "drains: draining: it takes nothing new",
        "far: other place: it is aws/c8g.large, the tasks are for local/docker",
        "full: overloaded: 4 of 4 slots at work, 7 waiting",
        "silent: stale: its last heartbeat was 42 s ago",
        "bare: no such model",
    ]


def test_another_digest_and_failing_filters_are_named() -> None:
    entry = an_entry()
    wanted: dict[str, Any] = {"pin": {"descriptor_digest": "b" * 64}, "filters": {"min_context_length": 32_000}}
    _, finding = told(entry, details=(a_detail(entry),), **wanted)
    assert finding.details == [
        "host: another digest: aaaaaaaaaaaa, the run pins bbbbbbbbbbbb; filter min_context_length: 8,192 of 32,000"
    ]


def test_what_nobody_but_the_control_plane_knows_is_said_so() -> None:
    entry = an_entry()
    _, finding = told(entry, details=(a_detail(entry),), filters={"min_success_rate": 0.99})
    assert finding.details == ["host: its model is not available now, or does not fit the run's filters"]


def test_where_somebody_can_take_them_it_is_no_problem_and_comes_last() -> None:
    explanation, finding = told(an_entry("good"), an_entry("bare", model_ids=[]), able=("good",))
    assert (finding.weight, finding.words) == ("fine", "2 tasks demand gpt-4: 1 of 2 executors can take them now")
    assert (finding.details, explanation.findings[-1].kind) == (["bare: no such model"], "model")


def test_a_pin_to_one_executor_leaves_the_others_out() -> None:
    _, finding = told(an_entry("one"), an_entry("two"), able=("one", "two"), pin={"executor_id": "one"})
    assert finding.details == ["two: the run is pinned to one"]


def test_a_run_that_demands_nothing_is_not_told_of_models() -> None:
    tasks = [a_task(1)]
    found = judge(a_run(tasks), tasks, RunnerList(run_id="r", runners=[]), NOW, registry=Registry([an_entry()]))
    assert [finding.kind for finding in found.findings] == ["no_runner"]


def test_each_filter_has_its_words() -> None:
    pricing = {"input_token_price": "5", "output_token_price": "100"}
    model = ModelDescriptor.model_validate(a_model("gpt-4", pricing=pricing))
    filters = Filters(backend_type="vllm", required_features=["chat", "vision"], max_price="9")
    assert list(unfit(model, filters)) == [
        "filter backend_type: openai, not vllm",
        "filter required_features: without vision",
        "filter max_price: 100, at most 9",
    ]
    assert list(unfit(model, Filters(max_price="100", required_features=["chat"], min_context_length=8192))) == []
