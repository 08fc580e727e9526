"""The judgement: what is told, in which order, in which words, about whatever a run may look like."""

from typing import Any

from benchfleet.explaining.advice import KNOWN, advice
from benchfleet.explaining.document import Explanation, Finding, LogTail
from benchfleet.explaining.judging import judge
from benchfleet_contract.runners import RunnerList, RunnerSeen
from benchfleet_contract.runs import Archive
from benchfleet_contract.states import FailureClass
from benchfleet_contract.tasks import Task
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case
from tests.unit.explained_runs import NOW, STATUSES, a_failure, a_run, a_runner, a_task, at


def explained(tasks: list[Task], *runners: RunnerSeen, run: dict[str, Any] | None = None, **more: Any) -> Explanation:
    return judge(a_run(tasks, **(run or {})), tasks, RunnerList(run_id="r", runners=list(runners)), NOW, **more)


def only(explanation: Explanation) -> Finding:
    (finding,) = explanation.findings
    return finding


AWS: dict[str, Any] = {"provider": "aws", "instance_type": "c8g.medium"}


def test_a_wait_names_what_no_live_runner_is_and_the_command_for_one() -> None:
    tasks = [a_task(1, **AWS), a_task(2, **AWS)]
    told = explained(tasks, a_runner("a"), a_runner("b"), api_url="https://api.example.com/x y")
    finding = only(told)
    assert finding.words == (
        "2 tasks wait for aws/c8g.medium: 2 live runners, none is aws/c8g.medium (they are local/docker); "
        "none has come since the run was created, 5 min ago"
    )
    assert (finding.kind, finding.since, finding.tasks, finding.task_ids) == ("no_runner", at(300), 2, ["r.1", "r.2"])
    assert finding.command == (
        "benchfleet runner --orchestrator-url 'https://api.example.com/x y' --run-id r --provider aws "
        "--instance-type c8g.medium"
    )
    assert (told.fine, told.headline) == (False, finding.words)


def test_a_wait_tells_when_a_fitting_runner_was_last_there() -> None:
    gone = a_runner("a", "aws/c8g.medium", live=False, seen_at=at(200), any_run=True)
    finding = only(explained([a_task(**AWS)], gone, a_runner("b")))
    assert finding.words == (
        "r.1 waits for aws/c8g.medium: the only live runner is not aws/c8g.medium (it is local/docker); "
        "the last one was seen 3 min ago"
    )
    assert finding.since == at(200)
    assert finding.details == [
        "runner a takes tasks of any run and was last seen 3 min ago: it may be at work for another run"
    ]


def test_a_list_of_runners_that_was_cut_says_so() -> None:
    task = a_task(**AWS)
    told = judge(a_run([task]), [task], RunnerList(run_id="r", runners=[a_runner()], truncated=True), NOW)
    assert only(told).details == ["only the 1 runners that were seen last were looked at"]


def test_a_task_that_ended_tells_of_its_runner_too() -> None:
    ended = a_failure(2)
    finding = explained([a_task(1), ended]).findings[-1]
    assert finding.words == "r.1 waits for local/docker: there is no live runner at all; the last one was seen 50 s ago"


def test_a_wait_for_busy_runners_is_no_problem() -> None:
    tasks = [a_task(1), a_task(2), a_task(3, "running")]
    told = explained(tasks, a_runner("a", task_ids=["r.3"]), a_runner("b", task_ids=["x.1"]))
    assert (told.fine, told.findings[0].kind) == (True, "busy")
    assert told.findings[0].words == "2 tasks wait for local/docker: all 2 fitting runners are busy"
    assert told.headline == "everything is fine: 0 of 3 tasks are done, 1 runs, 2 wait"


def test_a_free_runner_will_ask_soon() -> None:
    assert only(explained([a_task()], a_runner())).words == (
        "r.1 waits for local/docker: 1 fitting runner is free and asks every 30 s (last 5 s ago)"
    )
    assert "workload mock" in only(explained([a_task()], a_runner(any_run=True))).details[0]


def test_a_task_that_came_back_says_why_and_which_attempt_is_next() -> None:
    task = a_task(attempt=1, reason="No heartbeat received for 2 minutes.")
    told = explained([task], a_runner("b", task_ids=["r.2"]))
    assert [finding.kind for finding in told.findings] == ["handed_back", "busy"]
    assert told.findings[0].details == [
        "r.1: attempt 2 of 3 comes next; before it: No heartbeat received for 2 minutes."
    ]


def test_a_task_that_a_broken_runner_handed_back_names_runner_path_and_remedy() -> None:
    reason = "attempt 1 on box-1-s1: runner_error: no space left in /var/tmp/x: free it or pass --work-root"
    told = explained([a_task(attempt=1, reason=reason)], a_runner("b", task_ids=["r.2"]))
    assert told.findings[0].details == [f"r.1: attempt 2 of 3 comes next; before it: {reason}"]
    assert "mend the runner's machine" in (told.findings[0].remedy or "")


def test_a_running_task_tells_what_it_does() -> None:
    task = a_task(status="running", current_benchmark="optcarrot", progress_pct=40, attempt=2, reason="timed out")
    assert only(explained([task])).details == [
        "r.1 (local/docker) on box: attempt 2 of 3, optcarrot, 40 %, last beat 3 s ago, lease until 12:01:57 UTC; "
        "before it: timed out"
    ]


@each_case(
    ("beat", "lease", "words"),
    [
        (95, -25, "silent for 95 s, lease until 12:00:25 UTC; the lease ends in 25 s"),
        (
            140, 20,
            "silent for 2 min, lease until 11:59:40 UTC; the lease ended 20 s ago: the next sweep, within a minute, "
            "takes the task back",
        ),
    ],
)  # fmt: skip
def test_a_silent_runner_is_told_with_what_is_left_of_its_lease(beat: int, lease: int, words: str) -> None:
    task = a_task(status="running", heartbeat_at=at(beat), lease_until=at(lease))
    told = explained([task, a_task(2, "running")])
    assert [finding.kind for finding in told.findings] == ["silent", "running"]
    assert told.findings[0].details[0].endswith(words)
    assert told.headline == "1 task has a silent runner"


def test_two_beats_may_be_missed_before_a_runner_counts_as_silent() -> None:
    kinds = [only(explained([a_task(status="running", heartbeat_at=at(ago))])).kind for ago in (62, 63)]
    assert kinds == ["running", "silent"]
    short = {"lease_s": 8}
    kinds = [only(explained([a_task(status="running", heartbeat_at=at(ago))], run=short)).kind for ago in (6, 7)]
    assert kinds == ["running", "silent"]


def test_a_failure_tells_class_type_words_attempt_log_and_remedy() -> None:
    tail = LogTail(task_id="r.1", file="error.txt", lines=["boom"])
    told = explained([a_failure(reason="optcarrot", current_benchmark="optcarrot")], tails={"r.1": tail}, task_id="r.1")
    finding = only(told)
    assert finding.words == "r.1 failed on local/docker with benchmark_failed: the benchmark failed"
    assert finding.details == [
        "exit 1", "reason: optcarrot", "that was attempt 1 of 3, by runner box", "at work then: optcarrot",
    ]  # fmt: skip
    assert (finding.log, finding.failure_class) == (tail, FailureClass.BENCHMARK)
    assert finding.remedy == advice("benchmark_failed", FailureClass.BENCHMARK)
    assert told.task_id == "r.1"


def test_failures_are_grouped_and_infrastructure_comes_first() -> None:
    timeouts = [
        a_task(n, "failed", error_type="timeout", failure_class="infrastructure", error_message=f"No heartbeat {n % 2}")
        for n in range(1, 4)
    ]
    told = explained([*[a_failure(n) for n in range(4, 9)], *timeouts])
    assert [(f.error_type, f.tasks) for f in told.findings[:2]] == [("timeout", 3), ("benchmark_failed", 5)]
    assert told.findings[0].details == ["2 x No heartbeat 1", "1 x No heartbeat 0"]
    assert told.headline == (
        "3 tasks failed on local/docker with timeout: infrastructure failed, not the benchmark (and 1 other problem)"
    )


def test_a_task_that_nobody_took_before_the_deadline() -> None:
    task = a_failure(attempt=0, runner_id=None)
    assert "no runner ever took it" in only(explained([task], task_id="r.1")).details


def test_an_archive_that_failed_comes_before_all() -> None:
    archive = Archive(state="failed", error="no space left")
    told = explained([a_failure()], run={"archive": archive, "status": "failed"})
    assert told.headline == "the run's archive could not be built: no space left (and 1 other problem)"


def test_a_deadline_that_is_near_is_told_only_while_something_is_open() -> None:
    near = {"deadline_at": at(-59)}
    told = explained([a_task(1, "running"), a_task(2, "completed")], run=near)
    assert told.headline == "the run's deadline is in 59 s, and 1 task has not ended"
    assert explained([a_task(1, "completed")], run=near | {"status": "completed"}).fine
    passed = explained([a_task(1, "running")], run={"deadline_at": at(3)})
    assert passed.headline == "the run's deadline was 3 s ago, and 1 task has not ended"


def test_what_completed_in_part_is_told() -> None:
    told = explained([a_task(1, "completed", reason="optcarrot: exit 1"), a_task(2, "completed")])
    assert (told.findings[0].kind, told.findings[0].details) == ("partial", ["r.1: optcarrot: exit 1"])
    assert not told.fine


def test_everything_is_fine_when_it_is() -> None:
    ready = {"status": "completed", "archive": Archive(state="ready")}
    told = explained([a_task(1, "completed"), a_task(2, "completed")], run=ready)
    assert (told.fine, told.headline) == (True, "everything is fine: 2 tasks completed, the archive is ready")
    assert told.findings == []
    building = explained([a_task(1, "completed")])
    assert (building.fine, only(building).words) == (True, "every task has ended; the archive is being built")


def test_a_stopped_run_says_so() -> None:
    told = explained([a_task(1, "cancelled")], run={"status": "cancelled", "reason": "stopped"}, task_id="r.1")
    assert told.headline == "r.1 was cancelled: the run was stopped"


def test_a_run_that_was_cancelled_is_not_fine() -> None:
    tasks = [a_task(1, "completed"), a_task(2, "cancelled"), a_task(3, "cancelled")]
    told = explained(tasks, run={"status": "cancelled", "archive": Archive(state="ready")})
    assert told.headline == "the run was cancelled: 1 of 3 tasks is done, 2 were cancelled"
    told = explained(tasks, run={"status": "completed", "archive": Archive(state="ready")})
    assert told.headline == "not all of it happened: 1 of 3 tasks is done, 2 were cancelled"


def test_a_completed_task_that_is_asked_about() -> None:
    told = explained([a_task(1, "completed")], task_id="r.1")
    assert told.headline == "r.1 completed on runner box, in attempt 1 of 3"


def test_known_types_have_advice_of_their_own_and_timeouts_two() -> None:
    told = {advice(kind, FailureClass.INFRASTRUCTURE) for kind in KNOWN}
    assert len(told) >= len(KNOWN) - 1
    assert advice("timeout", FailureClass.BENCHMARK) != advice("timeout", FailureClass.INFRASTRUCTURE)
    for ruby in ("ruby_unavailable", "wrong_ruby_version"):
        assert "isolation docker" in advice(ruby, FailureClass.INFRASTRUCTURE)
    assert advice("never heard", FailureClass.BENCHMARK) != advice(None, None)


maybe_time = st.none() | st.integers(-500, 500).map(at)
any_task = st.builds(
    a_task,
    st.integers(1, 99),
    st.sampled_from(STATUSES),
    provider=st.sampled_from(["local", "aws"]),
    attempt=st.integers(0, 3),
    heartbeat_at=maybe_time,
    lease_until=maybe_time,
    ended_at=maybe_time,
    runner_id=st.none() | st.text(max_size=3),
    reason=st.none() | st.text(max_size=3),
    error_type=st.none() | st.sampled_from(sorted(KNOWN)),
    failure_class=st.none() | st.sampled_from(list(FailureClass)),
)
any_runner = st.builds(
    a_runner,
    st.text(max_size=3),
    st.sampled_from(["local/docker", "aws/docker"]),
    live=st.booleans(),
    any_run=st.booleans(),
    task_ids=st.lists(st.just("r.1"), max_size=1),
)


@given(st.lists(any_task, max_size=6), st.lists(any_runner, max_size=4))
def test_every_open_or_failed_task_is_in_a_finding_whatever_the_run_looks_like(
    tasks: list[Task], runners: list[RunnerSeen]
) -> None:
    told = explained(tasks, *runners)
    named = {task_id for finding in told.findings for task_id in finding.task_ids}
    assert {task.id for task in tasks if task.status not in ("completed", "cancelled")} <= named
    assert told.fine == all(finding.weight != "problem" for finding in told.findings)
    assert Explanation.model_validate_json(told.model_dump_json()) == told


def test_a_wait_is_told_once_for_all_subjects() -> None:
    (wait,) = explained([a_task(number, subject=name) for number, name in enumerate(("a", "b", "b"), 1)]).findings
    assert (wait.kind, wait.tasks, wait.subjects) == ("no_runner", 3, ["a", "b"])
    assert wait.words.startswith("3 tasks of 2 subjects wait for local/docker: ")


def test_a_failure_that_only_one_subject_has_names_it_once() -> None:
    tasks = [
        a_failure(1, subject="ruby-3.3"),
        a_failure(2, subject="ruby-3.3"),
        a_task(3, "completed", subject="ruby-3.4"),
    ]
    (failure,) = [finding for finding in explained(tasks).findings if finding.kind == "failed"]
    assert failure.words.startswith("2 tasks of ruby-3.3 failed on local/docker with benchmark_failed: ")
    assert failure.subjects == ["ruby-3.3"]
    assert not any("by subject" in detail for detail in failure.details)


def test_a_failure_of_several_subjects_is_one_finding_that_counts_them() -> None:
    tasks = [a_failure(1, subject="a"), a_failure(2, subject="b"), a_failure(3, subject="b")]
    (failure,) = [finding for finding in explained(tasks).findings if finding.kind == "failed"]
    assert "by subject: b 2 x, a 1 x" in failure.details


def test_a_task_at_work_names_its_subject() -> None:
    (work,) = explained([a_task(1, "running", subject="ruby-3.4")], a_runner(task_ids=["r.1"])).findings
    assert work.details[0].startswith("r.1 (local/docker, ruby-3.4) on box: ")
    assert work.subjects == ["ruby-3.4"]
