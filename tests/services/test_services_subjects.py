"""Runs that compare subjects: from the body to the archive."""

import json
import tarfile
from dataclasses import replace
from io import BytesIO

import pytest
from benchfleet_contract.limits import MAX_PLAN_BYTES
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import AssignedTask, ClaimReply

from chalicelib.archive.layout import archive_key, plan_key
from chalicelib.domain.errors import InvalidRun, Unavailable
from chalicelib.domain.plan import plan_of
from chalicelib.domain.ports import Verdict
from chalicelib.domain.selection import Wanted
from chalicelib.services.runs.create_run import check_run, fingerprint_of, planned
from tests.contract.records import LOCAL, a_request
from tests.contract.system import BODY, Clients, System

SUBJECTS = [{"name": "fast", "image": "ruby:3.4", "steps": 1}, {"name": "slow", "steps": 9}]
TWO = {**BODY, "workload_options": {"seed": 7}, "subjects": SUBJECTS}


@pytest.fixture
def system(clients: Clients) -> System:
    return System(clients)


def claim(system: System, runner: str = "one", *, token: str | None = None, retry: bool = False) -> ClaimReply:
    return system.claim_task("r", a_request(runner, token=token, now_ms=system.clock()), retry=retry)


def assigned(reply: ClaimReply) -> AssignedTask:
    assert reply.task
    return reply.task


def accept(system: System, reply: ClaimReply) -> None:
    """The runner uploads a result, and ends the task with it."""
    task = assigned(reply)
    assert reply.presigned_urls
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("output.json"))
    key = reply.presigned_urls.result_key
    system.objects.put(key, packed.getvalue(), content_type="application/gzip")
    verdict = Verdict(TaskStatus.COMPLETED, "one", task.attempt, system.clock(), result_key=key)
    system.finish_task("r", int(task.id.rpartition(".")[2]), verdict)


def test_each_task_is_given_its_own_options_and_image(system: System) -> None:
    system.create_run(TWO)
    tasks = [assigned(claim(system, token=f"t{n}")) for n in range(4)]
    told = {(task.subject, task.image, json.dumps(task.workload_options)) for task in tasks}
    assert told == {("fast", "ruby:3.4", '{"seed": 7, "steps": 1}'), ("slow", None, '{"seed": 7, "steps": 9}')}
    assert sorted((task.subject or "", task.run_number) for task in tasks) == [
        ("fast", 1), ("fast", 2), ("slow", 1), ("slow", 2),
    ]  # fmt: skip
    assert claim(system, token="t4").status == "wait"


@pytest.mark.parametrize("order", ["abba", "interleaved"])
def test_subjects_that_take_turns_are_handed_out_in_the_order_of_the_plan(system: System, order: str) -> None:
    """Of more than sixteen pending tasks a claim takes any, elsewhere: that would undo the plan."""
    system.create_run({**TWO, "order": order, "per_instance_type": {"tasks": 20}})
    given = [assigned(claim(system, token=f"t{n}")) for n in range(24)]
    first, second, third, fourth = [(task.run_number, task.subject) for task in given[:4]]
    assert {first, second} == {(1, "fast"), (1, "slow")}
    assert (third, fourth) == ((2, second[1]), (2, first[1]))
    assert [int(task.id.rpartition(".")[2]) for task in given] == [*range(1, 25)]


def test_a_large_interleaved_run_is_for_many_runners_and_is_handed_out_by_chance(system: System) -> None:
    system.create_run({**TWO, "per_instance_type": {"tasks": 65}})
    given = [assigned(claim(system, token=f"t{n}")) for n in range(24)]
    assert sorted(int(task.id.rpartition(".")[2]) for task in given) != [*range(1, 25)]


def test_a_lost_answer_is_given_again_with_the_same_options(system: System) -> None:
    system.create_run(TWO)
    first = assigned(claim(system))
    assert assigned(claim(system, retry=True)) == first
    assert assigned(system.claim_once.of_run("r", a_request("one", now_ms=system.clock()), retry=True)) == first


def test_the_plan_is_kept_once_and_read_once_for_all_tasks_with_the_same_options(system: System) -> None:
    system.create_run(TWO)
    assert system.objects.read(plan_key("r")) == b'{"seed": 7, "steps": 1}\n{"seed": 7, "steps": 9}\n'
    claims(system, 3)  # of four tasks, two of each: both sets were read
    system.objects.put(plan_key("r"), b"x" * 48, content_type="text/plain")  # who reads it again would notice
    assert assigned(claim(system, token="t3")).workload_options["seed"] == 7
    system.clock.pass_s(600)
    with pytest.raises(Unavailable, match="damaged"):
        claim(system, token="t0", retry=True)


def test_small_options_of_all_tasks_stay_in_the_header_and_need_no_plan(system: System) -> None:
    system.create_run({**BODY, "workload_options": {"steps": 1}})
    assert system.objects.head(plan_key("r")) is None
    assert assigned(claim(system)).workload_options == {"steps": 1}
    assert [task.options_at for task in system.all()] == [None, None]


def test_large_options_of_all_tasks_are_one_line_of_the_plan(system: System) -> None:
    options = {"words": "x" * 4_000}
    system.create_run({**BODY, "workload": "own", "workload_options": options})
    assert {task.options_at for task in system.all()} == {f"0:{len(json.dumps(options))}"}
    assert assigned(claim(system)).workload_options == options


def test_a_plan_that_is_too_large_is_refused_before_anything_is_written(system: System) -> None:
    subjects = [{"name": f"s{n}", "python": f"p{n}{'x' * 6_000}"} for n in range(60)]
    options = {"benchmarks": [f"b{n}" for n in range(100)]}
    body = {**BODY, "workload": "pyperformance", "workload_options": options, "subjects": subjects, "shards": 100}
    with pytest.raises(InvalidRun, match=str(MAX_PLAN_BYTES)) as refused:
        system.create_run(body)
    assert [problem.field for problem in refused.value.problems] == ["shards"]
    assert system.runs.get("r") is None


def test_the_same_body_again_names_the_same_tasks(system: System) -> None:
    run, tasks = system.create_run.with_tasks(TWO, most=3)
    assert system.create_run.with_tasks(TWO, most=3) == (run, tasks)
    assert tasks == system.all()[:3]


def test_a_run_from_before_its_repeats_were_mirrored_still_names_its_own_tasks(system: System) -> None:
    body = {**TWO, "per_instance_type": {"tasks": 9}}
    request, fingerprint = check_run(body), fingerprint_of(body)
    plan = replace(plan_of(request, seed=fingerprint), mirrored=False)
    run = planned(request, plan, fingerprint=fingerprint, warnings=(), now_ms=system.clock())
    assert system.create_run.with_plan(run, plan, body, lambda run: None)
    _, tasks = system.create_run.with_tasks(body, most=18)
    assert tasks == system.all()
    assert [task.subject for task in tasks] != [spec.subject for spec in plan_of(request, seed=fingerprint).specs()]


def test_counters_and_pages_tell_subjects_apart(system: System) -> None:
    system.create_run(TWO)
    task = assigned(claim(system))
    system.drain()
    groups = system.read_runs.detail("r").groups
    assert [(group.subject, group.total, group.claimed) for group in groups] == [
        ("fast", 2, int(task.subject == "fast")), ("slow", 2, int(task.subject == "slow")),
    ]  # fmt: skip
    page = system.read_runs.task_page("r", Wanted("local", "docker", subject="slow"), after=0, limit=1)
    assert ([each.subject for each in page.tasks], page.next_cursor is not None) == (["slow"], True)
    both = system.read_runs.task_page("r", Wanted(subject="slow"), after=0, limit=9)
    assert [each.run_number for each in both.tasks] == [1, 2]


def test_subjects_share_the_headers_and_leases_of_their_demand(system: System) -> None:
    run = system.create_run(TWO)
    assert run.places == ((LOCAL, 0),)
    claim(system)
    system.clock.pass_s(10_000)
    assert system.sweep()["requeued"] == 1  # seen once, not once for each subject
    assert system.read_runners("r").runners == []  # nobody holds it any more


def test_a_run_is_over_for_a_runner_when_all_subjects_are(system: System) -> None:
    system.create_run({**TWO, "per_instance_type": {"tasks": 1}})
    for n in range(2):
        task = assigned(reply := claim(system, token=f"t{n}"))
        accept(system, reply)
        assert task.subject in ("fast", "slow")
    assert claim(system, token="t2").status == "done"
    assert {each.status for each in system.all()} == {TaskStatus.COMPLETED}


def test_the_archive_names_subjects_in_folders_manifest_and_run(system: System) -> None:
    system.create_run({**TWO, "per_instance_type": {"tasks": 1}})
    for n in range(2):
        accept(system, claim(system, token=f"t{n}"))
    system.drain()
    system.build_archive("r")
    with tarfile.open(fileobj=BytesIO(system.objects.read(archive_key("r")))) as archive:
        documents = {name: json.load(archive.extractfile(name) or BytesIO()) for name in ("run.json", "manifest.json")}
    order = [task.subject for task in system.all()]
    assert [(t["subject"], t["folder"]) for t in documents["manifest.json"]["tasks"]] == [
        (name, f"box-{name}-{number}") for number, name in enumerate(order, start=1)
    ]
    assert (documents["run.json"]["subjects"], documents["run.json"]["order"]) == (["fast", "slow"], "interleaved")
    assert documents["run.json"]["instances"] == [{"provider": "local", "instance_type": "docker", "tasks": 2}]


def test_a_subject_that_is_measured_twice_is_named_in_the_archive(system: System) -> None:
    run = system.create_run({**TWO, "noise_floor": True, "per_instance_type": {"tasks": 1}})
    assert [(group.subject, group.total) for group in run.groups] == [("fast", 1), ("slow", 1), ("fast+again", 1)]
    told = {(task.subject, task.image, json.dumps(task.workload_options)) for task in map(assigned, claims(system, 3))}
    same = ("ruby:3.4", '{"seed": 7, "steps": 1}')
    assert {each[1:] for each in told if each[0] != "slow"} == {same}
    assert len(told) == 3
    system.runs.stop("r")
    system.drain()
    system.build_archive("r")
    with tarfile.open(fileobj=BytesIO(system.objects.read(archive_key("r")))) as archive:
        document = json.load(archive.extractfile("run.json") or BytesIO())
    assert document["noise_floor"] == {"subject": "fast", "again": "fast+again"}


def test_shards_are_parts_with_a_count_of_their_own(system: System) -> None:
    body = {**BODY, "workload": "pyperformance", "workload_options": {"benchmarks": ["a", "b", "c"]}, "shards": 2}
    run = system.create_run(body)
    assert (run.task_count, run.shards, [group.total for group in run.groups]) == (4, 2, [4])
    told = {(task.part, json.dumps(task.workload_options["benchmarks"])) for task in map(assigned, claims(system, 4))}
    assert told == {("1/2", '["a", "c"]'), ("2/2", '["b"]')}


def claims(system: System, count: int) -> list[ClaimReply]:
    return [claim(system, token=f"t{n}") for n in range(count)]


def test_a_label_names_the_versions_of_all_subjects(system: System) -> None:
    versions = [{"name": "new", "ruby_version": "3.4.7"}, {"name": "old", "ruby_version": "3.3.10"}]
    system.create_run({**BODY, "workload": "ruby-bench", "ruby_version": "3.4.7", "subjects": versions})
    assert [run.ruby_version for run in system.read_runs.newest(cursor=None).runs] == ["3.4.7, 3.3.10"]
    assert {assigned(reply).ruby_version for reply in claims(system, 4)} == {"3.4.7", "3.3.10"}


def test_ruby_bench_finds_the_runs_version_among_its_options(system: System) -> None:
    system.create_run({**BODY, "workload": "ruby-bench", "ruby_version": "3.4.7"})
    task = assigned(claim(system))
    assert (task.ruby_version, task.workload_options) == ("3.4.7", {"ruby_version": "3.4.7"})
    assert system.read_runs.detail("r").workload_options == {}


def test_a_version_among_the_runs_options_is_the_runs_version(system: System) -> None:
    options = {"ruby_version": "3.4.7"}
    system.create_run({**BODY, "workload": "ruby-bench", "workload_options": options, "ruby_version": None})
    assert system.read_runs.detail("r").ruby_version == "3.4.7"
    system.stop_run("r")
    system.build_archive("r")
    with tarfile.open(fileobj=BytesIO(system.objects.read(archive_key("r")))) as archive:
        assert json.load(archive.extractfile("run.json") or BytesIO())["ruby_version"] == "3.4.7"


def test_another_kind_is_told_the_version_as_ever(system: System) -> None:
    system.create_run({**BODY, "ruby_version": "3.4.7"})
    task = assigned(claim(system))
    assert (task.ruby_version, task.workload_options) == ("3.4.7", {})
    assert [run.ruby_version for run in system.read_runs.newest(cursor=None).runs] == ["3.4.7"]


def test_a_deleted_run_leaves_no_plan(system: System) -> None:
    system.create_run(TWO)
    system.stop_run("r")
    system.build_archive("r")
    system.delete_run("r")
    system.remove_run("r")
    assert system.objects.head(plan_key("r")) is None
