"""`benchfleet runs explain` against the emulator: what the API tells becomes what people read."""

import io
import json
import tarfile
from collections.abc import Iterator

import httpx
import pytest
from benchfleet.client import Client
from benchfleet.explaining.collecting import explain
from benchfleet.explaining.document import Explanation, Finding
from benchfleet_contract.authorities import authorities

from tests.integration.api_client import Api, Json, fresh
from tests.integration.command_line import CommandLine
from tests.unit.registry_records import a_model

CONSOLE = b"".join(b"line %d\n" % number for number in range(40)) + b"\x1b[31mSegmentation fault\x1b[0m\n"


@pytest.fixture(scope="module")
def client(api: Api) -> Iterator[Client]:
    with Client(api.ready.api_url, key=api.ready.keys.reader) as made:
        yield made


def explained(client: Client, given: str) -> Explanation:
    with httpx.Client(trust_env=False, verify=authorities({}), timeout=60) as http:
        return explain(client, given, http=http)


def of_kind(told: Explanation, kind: str) -> Finding:
    return next(finding for finding in told.findings if finding.kind == kind)


def failed(api: Api, claimed: Json, *, archive: bytes | None) -> None:
    """The runner's part of a failure; without an archive it names one that it never uploaded."""
    urls, task = claimed["presigned_urls"], claimed["task"]
    if archive is not None:
        with httpx.Client(trust_env=False, verify=authorities({}), timeout=60) as bare:
            assert bare.put(urls["error_upload_url"], content=archive).is_success
    said = {"runner_id": "runner-1", "error_type": "benchmark_failed", "error_message": "exit 139"}
    reply = api("POST", f"/tasks/{task['id']}/fail", said | {"s3_error_key": urls["error_key"]}, role="runner")
    assert reply.status_code == 200


def error_archive() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in {"./benchmark_output.txt": CONSOLE, "./error.txt": b"exit 139\n"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def test_a_run_without_a_fitting_runner(api: Api, client: Client) -> None:
    kind = fresh("kind")
    run_id = api.create(aws=[{"instance_type": kind}])["run_id"]
    api.claim(run_id)
    told = explained(client, run_id)
    finding = of_kind(told, "no_runner")
    assert finding.words.startswith(f"{run_id}.1 waits for aws/{kind}: ")
    assert f"--run-id {run_id} --provider aws --instance-type {kind}" in (finding.command or "")
    assert of_kind(told, "running").task_ids == [f"{run_id}.2"]


def test_a_run_that_demands_a_model_tells_what_each_executor_lacks(api: Api, client: Client) -> None:
    model_id, kind = f"org/{fresh('model')}:8b", fresh("kind")
    wanted = {"model_id": model_id, "filters": {"min_context_length": 32_000}}
    run_id = api.create(aws=[{"instance_type": kind}], local=None, model=wanted)["run_id"]
    run = client.run(run_id)
    assert run.model
    assert (run.model.model_id, run.model.filters.min_context_length) == (model_id, 32_000)
    finding = of_kind(explained(client, run_id), "model")
    assert (finding.weight, finding.words.startswith(f"1 task demands {model_id}: no")) == ("problem", True)

    names = [fresh("host") for _ in range(2)]
    for name, context in zip(names, (8_192, 64_000), strict=True):
        model = a_model(model_id, capabilities={"max_context_length": context})
        body = {"executor_id": name, "instance_id": "p", "heartbeat_interval_s": 60, "models": [model]}
        assert api("POST", "/executors", body, role="runner").status_code == 201
    finding = of_kind(explained(client, run_id), "model")
    assert finding.weight == "fine"
    assert f"{names[0]}: filter min_context_length: 8,192 of 32,000" in finding.details
    api("POST", f"/executors/{names[1]}/drain", {"reason": "test"})
    finding = of_kind(explained(client, run_id), "model")
    assert finding.weight == "problem"
    assert f"{names[1]}: draining: it takes nothing new" in finding.details
    for name in names:
        api("DELETE", f"/executors/{name}")
    api("POST", f"/runs/{run_id}/stop")


def test_a_failed_task_with_the_end_of_its_log(api: Api, client: Client) -> None:
    claimed = api.leased()
    failed(api, claimed, archive=error_archive())
    told = explained(client, claimed["task"]["id"])
    assert (told.task_id, told.fine) == (claimed["task"]["id"], False)
    (finding,) = told.findings
    assert finding.log
    assert finding.log.file == "benchmark_output.txt"
    assert finding.log.lines == [*(f"line {number}" for number in range(21, 40)), "Segmentation fault"]


@pytest.mark.parametrize("archive", [None, b"no gzip at all"])
def test_a_log_that_cannot_be_had_is_left_out(api: Api, client: Client, archive: bytes | None) -> None:
    claimed = api.leased()
    failed(api, claimed, archive=archive)
    finding = of_kind(
        explained(client, claimed["task"]["id"]), "failed"
    )  # beside it, once the archive is built: "lost"
    assert (finding.error_type, finding.log) == ("benchmark_failed", None)


def test_a_run_whose_id_looks_like_a_task_s(api: Api, client: Client) -> None:
    run_id = fresh() + ".7"
    api.create(run_id=run_id)
    told = explained(client, run_id)
    assert (told.run_id, told.task_id) == (run_id, None)
    assert explained(client, f"{run_id}.1").task_id == f"{run_id}.1"


@pytest.fixture
def command(api: Api, cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """As one who may only read."""
    monkeypatch.setenv("BENCHFLEET_API_KEY", api.ready.keys.reader)
    return lambda *words: cli("runs", "explain", *words)


def test_the_command_tells_people_and_programs(api: Api, command: CommandLine) -> None:
    claimed = api.leased()
    failed(api, claimed, archive=error_archive())
    task_id = claimed["task"]["id"]
    words = command(task_id)
    assert (words.code, words.err) == (0, "")
    assert words.out.startswith(f"{task_id} failed on local/docker with benchmark_failed: the benchmark failed\n")
    assert "\n      | Segmentation fault\n" in words.out
    assert "\x1b" not in words.out
    document = command(task_id, "--json")
    assert Explanation.model_validate(json.loads(document.out)).task_id == task_id


def test_what_does_not_exist_is_a_wrong_argument(command: CommandLine) -> None:
    told = command("nope.1")
    assert (told.code, told.out) == (2, "")
    assert told.err == "benchfleet: run nope does not exist\n"


def test_subjects_are_told_together_in_a_wait_and_apart_in_a_failure(api: Api, client: Client) -> None:
    subjects = [{"name": name, "argv": ["true"]} for name in ("a", "b")]
    kind = {"workload": "command", "workload_options": {}, "order": "grouped"}
    run_id = api.create(**kind, subjects=subjects, per_instance_type={"tasks": 2})["run_id"]
    wait = of_kind(explained(client, run_id), "no_runner")
    assert (wait.tasks, wait.subjects) == (4, ["a", "b"])
    assert [task.subject for task in client.tasks(run_id, subject="b")] == ["b", "b"]

    first = api.claim(run_id)
    failed(api, first, archive=None)
    failure = of_kind(explained(client, run_id), "failed")
    assert failure.subjects == [first["task"]["subject"]]
    assert failure.words.startswith(f"{first['task']['id']} of {failure.subjects[0]} failed on local/docker")
