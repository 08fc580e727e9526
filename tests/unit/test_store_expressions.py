"""Every conditional write as data: its states are arrows of the table, its text is what DynamoDB is told."""

import re
from collections.abc import Callable
from dataclasses import replace

from benchfleet_contract.states import ArchiveState, HeartbeatStatus, TaskStatus

from chalicelib.domain.ports import Built
from chalicelib.domain.records import Ending, RunState
from chalicelib.domain.transitions import IN_FLIGHT, OPEN, RUN, TASK, TERMINAL
from chalicelib.store import deletions, expressions
from chalicelib.store.expressions import Raw, Write
from chalicelib.store.table import arguments
from tests.contract.records import LEASE_MS, NOW_MS, a_beat, a_request, a_run, a_task, a_verdict
from tests.each_case import each_case

MOST_EXPRESSION_BYTES, MOST_OPERATORS = 4_096, 300  # what DynamoDB takes
SEEN = a_task(status=TaskStatus.RUNNING, attempt=1, lease_until_ms=NOW_MS, heartbeat_ms=NOW_MS)
BUILT = Built(ArchiveState.READY, RunState.COMPLETED, None, key="k", size_bytes=1, sha256="f")
# Made by the test that asks: what a module computes as it is imported is made before any test runs.
OF_TASKS: dict[str, Callable[[], Write]] = {
    "claim": lambda: expressions.claim("r", 1, a_request()),
    "renew, running": lambda: expressions.renew("r", 1, a_beat()),
    "renew, booting": lambda: expressions.renew("r", 1, a_beat(status=HeartbeatStatus.BOOT)),
    "complete": lambda: expressions.finish("r", 1, a_verdict()),
    "fail": lambda: expressions.finish("r", 1, a_verdict(status=TaskStatus.FAILED, attempt=None, nonce=None)),
    "extend": lambda: expressions.extend(SEEN, now_ms=NOW_MS),
    "requeue": lambda: expressions.requeue(SEEN),
    "time_out": lambda: expressions.time_out(SEEN, now_ms=NOW_MS),
    "stop": lambda: expressions.end_open(SEEN, Ending.STOPPED, now_ms=NOW_MS),
    "deadline": lambda: expressions.end_open(SEEN, Ending.DEADLINE, now_ms=NOW_MS),
}
OF_RUNS: dict[str, Callable[[], Write]] = {
    "publish": lambda: expressions.publish(a_run()),
    "stop": lambda: expressions.stop("r"),
    "pass_deadline": lambda: expressions.pass_deadline("r"),
    "begin_archive": lambda: expressions.begin_archive("r", now_ms=1, until_ms=2),
    "release_archive": lambda: expressions.release_archive("r", 1, error="e"),
    "keep_archive": lambda: expressions.keep_archive("r", 1, until_ms=2),
    "close_archive": lambda: expressions.close_archive(a_run(state=RunState.RUNNING), 1, BUILT, now_ms=1),
    "count": lambda: expressions.count("r", {(0, TaskStatus.PENDING): -1}, {0: (1, 2)}, now_ms=1),
    "begin_deletion": lambda: deletions.begin("r", now_ms=1),
    "take_deletion": lambda: deletions.take("r", now_ms=1, until_ms=2),
    "keep_deletion": lambda: deletions.keep("r", 1, until_ms=2),
    "hold_deletion": lambda: deletions.hold("r", 1, until_ms=2),
    "correct": lambda: expressions.correct("r", {(0, TaskStatus.PENDING): 1}, seen_changed_ms=1, verified_ms=2),
}
LEAVE_IN_FLIGHT = ("complete", "fail", "requeue", "time_out")


def sources(write: Write) -> set[TaskStatus]:
    """The states that the condition accepts."""
    named = re.search(r"#status (?:= (:\w+)|IN \(([^)]*)\))", write.condition)
    assert named, write.condition
    return {TaskStatus(write.values[name]) for name in (named[1] or named[2]).split(", ")}


@each_case("name", OF_TASKS)
def test_each_write_goes_along_legal_arrows(name: str) -> None:
    write = OF_TASKS[name]()
    target = write.sets.get("status")
    for source in sources(write):
        assert source not in TERMINAL
        assert target is None or target is source or TaskStatus(target) in TASK[source]


def test_the_states_that_each_write_accepts() -> None:
    accepted = {name: sources(write()) for name, write in OF_TASKS.items()}
    assert accepted.pop("claim") == {TaskStatus.PENDING}
    assert accepted.pop("stop") == accepted.pop("deadline") == OPEN
    assert all(states == IN_FLIGHT for states in accepted.values())


def test_every_arrow_is_taken_by_some_write() -> None:
    taken = {
        (source, TaskStatus(write.sets.get("status", source)))
        for write in (make() for make in OF_TASKS.values())
        for source in sources(write)
    }
    arrows = {(source, target) for source, targets in TASK.items() for target in targets}
    assert arrows <= taken | {(TaskStatus.CLAIMED, TaskStatus.CLAIMED)}


@each_case(("name", "source"), [("publish", RunState.CREATING), ("stop", RunState.RUNNING)])
def test_runs_go_along_legal_arrows(name: str, source: RunState) -> None:
    write = OF_RUNS[name]()
    assert source in write.values.values()
    assert write.sets["state"] in RUN[source]


def test_only_what_is_over_can_be_deleted() -> None:
    over = {state for state, targets in RUN.items() if RunState.DELETING in targets}
    write = deletions.begin("r", now_ms=1)
    named = re.search(r"#state IN \(([^)]*)\)", write.condition)
    assert named
    assert {write.values[name] for name in named[1].split(", ")} == over


@each_case("name", LEAVE_IN_FLIGHT)
def test_what_leaves_flight_gives_its_lease_back(name: str) -> None:
    sets = OF_TASKS[name]().sets
    assert {"lease_until_ms", "claim_order"} <= set(sets)
    assert sets["lease_until_ms"] is None


def test_a_key_that_all_runners_share_speaks_only_for_attempts_without_a_token() -> None:
    verdict, beat = a_verdict(status=TaskStatus.FAILED), a_beat()
    for fleet_key, asked in ((True, True), (False, False)):
        writes = [
            expressions.renew("r", 1, replace(beat, fleet_key=fleet_key)),
            expressions.finish("r", 1, replace(verdict, fleet_key=fleet_key)),
            expressions.hand_back(SEEN, replace(verdict, fleet_key=fleet_key)),
        ]
        assert {"attribute_not_exists(#bound)" in write.condition for write in writes} == {asked}


def test_what_a_claim_says_of_tokens_replaces_what_the_attempt_before_said() -> None:
    for bound, stored in ((True, True), (False, None)):
        assert expressions.claim("r", 1, replace(a_request(), bound=bound)).sets["bound"] is stored
    for write in (expressions.requeue(SEEN), expressions.hand_back(SEEN, a_verdict(status=TaskStatus.FAILED))):
        assert write.sets["bound"] is None


@each_case("name", ["renew, running", "renew, booting", "extend"])
def test_what_stays_in_flight_touches_no_index(name: str) -> None:
    assert not {"pk", "sk", "claim_order", "header", "listed", "listed_at"} & set(OF_TASKS[name]().sets)


@each_case("make", [*OF_TASKS.values(), *OF_RUNS.values()])
def test_every_name_and_value_is_used_and_defined(make: Callable[[], Write]) -> None:
    """DynamoDB refuses a request that names what it does not use."""
    write = make()
    asked = arguments(write)
    text = f"{asked['UpdateExpression']} {asked['ConditionExpression']}"
    assert set(re.findall(r"#\w+", text)) == set(asked["ExpressionAttributeNames"])
    assert set(re.findall(r":\w+", text)) == set(asked["ExpressionAttributeValues"])
    assert asked["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_the_longest_writes_fit_into_one_expression() -> None:
    """61 blocks and 59 counters: the 120 names that the store puts into one write at most."""
    tally = {(255 - number, TaskStatus.PENDING): 1 for number in range(59)}
    watermarks = {block: (10**39, 10**39 + 1) for block in range(61)}
    counted = arguments(expressions.count("r", tally, watermarks, now_ms=NOW_MS))
    many = {(255 - number, TaskStatus.PENDING): 1 for number in range(120)}
    corrected = arguments(expressions.correct("r", many, seen_changed_ms=1, verified_ms=2))
    for asked in (counted, corrected):
        for name in ("UpdateExpression", "ConditionExpression"):
            text = asked[name]
            assert len(text.encode()) <= MOST_EXPRESSION_BYTES
            assert len(re.findall(r"AND|OR|<|=|attribute_\w+", text)) <= MOST_OPERATORS


def test_arguments_of_a_claim() -> None:
    asked = arguments(expressions.claim("r", 129, a_request("me", token="tk")))
    assert asked["Key"] == {"pk": {"S": "RUN#r#1"}, "sk": {"S": "T#0000129"}}
    assert asked["ConditionExpression"] == (
        "#status = :pending AND (attribute_not_exists(#not_before_ms) OR #not_before_ms <= :now)"
    )
    assert asked["UpdateExpression"] == (
        "SET #status = :set_status, #attempt = #attempt + :one, #claim_token = :set_claim_token, "
        "#runner_id = :set_runner_id, #nonce = :set_nonce, #claimed_ms = :set_claimed_ms, "
        "#heartbeat_ms = :set_heartbeat_ms, #lease_until_ms = :now + #lease_ms, #claim_order = :set_claim_order, "
        "#former_runner_id = if_not_exists(#runner_id, :nobody) "
        "REMOVE #not_before_ms, #bound, #executor_id, #generation, "
        "#heartbeat_status, #heartbeat_message, #current_benchmark, #progress_pct, #extended"
    )
    assert asked["ExpressionAttributeValues"][":set_claim_order"] == {"S": "A#local/docker#L#tk"}
    assert asked["ExpressionAttributeValues"][":set_status"] == {"S": "claimed"}


@each_case(
    ("write", "update", "values"),
    [
        (Write("p", "s", "#a = :b", {"x": 1}, values={":b": "y"}), "SET #x = :set_x", {":b": "y", ":set_x": 1}),
        (Write("p", "s", "attribute_exists(#pk)", {"x": None}), "REMOVE #x", {}),
        (Write("p", "s", "#a = :b", {}, {"n": -2}, {":b": 1}), "ADD #n :add_n", {":b": 1, ":add_n": -2}),
        (
            Write("p", "s", "#a = :b", {"x": Raw("#y + :b"), "z": None, "q": True}, {"n": 1}, {":b": 1}),
            "SET #x = #y + :b, #q = :set_q REMOVE #z ADD #n :add_n",
            {":b": 1, ":set_q": True, ":add_n": 1},
        ),
    ],
)
def test_arguments_golden(write: Write, update: str, values: dict[str, object]) -> None:
    asked = arguments(write)
    typed = {str: "S", int: "N", bool: "BOOL"}
    told = {n: {typed[type(v)]: v if isinstance(v, str | bool) else str(v)} for n, v in values.items()}
    assert (asked["UpdateExpression"], asked.get("ExpressionAttributeValues", {})) == (update, told)
    assert asked["ReturnValues"] == "ALL_NEW"


def test_a_lease_is_as_long_as_its_task_says() -> None:
    assert expressions.extend(SEEN, now_ms=NOW_MS).sets["lease_until_ms"] == NOW_MS + LEASE_MS
