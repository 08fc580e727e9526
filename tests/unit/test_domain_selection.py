"""Between which numbers the wanted tasks are: never too narrow, and exact where a run lists no group twice."""

from benchfleet_contract.run_request import read_run_request
from benchfleet_contract.states import TaskStatus
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.plan import plan_of
from chalicelib.domain.records import Demand, Run, Task
from chalicelib.domain.selection import Wanted, all_wanted, spans
from chalicelib.services.runs.create_run import new_tasks, planned
from tests.contract.records import LOCAL, a_run, a_task
from tests.each_case import each_case

KINDS = ["a", "b", "c", "d"]
PER_INSTANCE = st.integers(1, 400)


def created(kinds: list[str], tasks: int) -> tuple[Run, list[Task]]:
    """A run of these instance types in this order, as `POST /runs` makes it."""
    instances = [{"instance_type": kind} for kind in kinds]
    body = {"workload": "mock", "run_id": "r", "per_instance_type": {"tasks": tasks}, "local": instances}
    request = read_run_request(body).request
    assert request
    plan = plan_of(request, seed="")
    run = planned(request, plan, fingerprint="", warnings=(), now_ms=0)
    return run, list(new_tasks(run, plan))


def numbers(found: list[tuple[int, int]]) -> list[int]:
    return [number for first, last in found for number in range(first, last + 1)]


@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=12), PER_INSTANCE, st.sampled_from(KINDS))
def test_every_task_of_a_group_is_within_its_spans_and_none_twice(kinds: list[str], tasks: int, kind: str) -> None:
    run, made = created(kinds, tasks)
    found = numbers(spans(run, Wanted(instance_type=kind)))
    assert {task.number for task in made if task.demand.instance_type == kind} <= set(found)
    assert found == sorted(set(found))
    assert set(found) <= set(range(1, run.task_count + 1))


@given(st.permutations(KINDS), PER_INSTANCE, st.sampled_from(KINDS))
def test_spans_are_exact_where_no_group_is_listed_twice(kinds: list[str], tasks: int, kind: str) -> None:
    run, made = created(kinds, tasks)
    found = numbers(spans(run, Wanted(provider="local", instance_type=kind)))
    assert found == [task.number for task in made if task.demand.instance_type == kind]
    assert all_wanted(run, Wanted(provider="local", instance_type=kind))
    assert not all_wanted(run, Wanted(instance_type=kind, status=TaskStatus.FAILED))


@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=12), PER_INSTANCE, st.sampled_from(KINDS))
def test_where_all_are_wanted_no_other_is_within(kinds: list[str], tasks: int, kind: str) -> None:
    run, made = created(kinds, tasks)
    wanted = Wanted(instance_type=kind)
    within = {number for first, last in spans(run, wanted) for number in range(first, last + 1)}
    assert all_wanted(run, Wanted())
    if all_wanted(run, wanted):
        assert within == {task.number for task in made if task.demand.instance_type == kind}


def test_without_a_group_the_whole_run_is_one_span() -> None:
    run = a_run(sizes={LOCAL: 300, Demand("aws", "x"): 7})
    assert spans(run, Wanted(status=TaskStatus.FAILED)) == [(1, 307)]
    assert spans(run, Wanted(provider="local")) == [(1, 307)]
    assert spans(run, Wanted(provider="azure")) == []


@each_case(
    ("wanted", "taken"),
    [
        (Wanted(), True),
        (Wanted("local", "docker", TaskStatus.PENDING), True),
        (Wanted(provider="aws"), False),
        (Wanted(instance_type="Docker"), False),
        (Wanted(status=TaskStatus.FAILED), False),
    ],
)
def test_what_is_wanted_is_taken(wanted: Wanted, taken: bool) -> None:
    assert wanted.takes(a_task()) is taken


@each_case("wanted", [Wanted("local", None, None), Wanted(None, "docker", None)])
def test_half_a_group_s_name_is_no_whole_run(wanted: Wanted) -> None:
    """Where groups are listed twice, blocks hold tasks of other groups too."""
    assert not all_wanted(a_run(tasks_per_instance=2, sizes={LOCAL: 3}), wanted)
    assert all_wanted(a_run(tasks_per_instance=3, sizes={LOCAL: 3}), wanted)
