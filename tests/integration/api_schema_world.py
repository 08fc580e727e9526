"""What the requests of a schema meet: runs in each state, tasks that are held, keys. And who sends them."""

import zlib
from typing import Any

import requests
from benchfleet_contract.limits import MAX_TASKS
from schemathesis.core.parameters import ParameterLocation

from tests.integration.api_client import Api, Json
from tests.integration.api_schema import Case, lacks_key
from tests.integration.api_schema_checks import check

NOBODY, READER, RUNNER, ATTEMPT, ADMIN = ROLES = ("nobody", "reader", "runner", "attempt", "admin")
GROUP = {"provider": "local", "instance_type": "schema"}
HOLDER = "schema-runner"
ENDS = ("/complete", "/fail")
_FEW_TASKS = 3  # of a run that a request makes: thousands would take long, and tell no more
_POOL = 50  # tasks to hold, one after the other; then a new run


class World:
    def __init__(self, api: Api) -> None:
        self.api = api
        self.http = requests.Session()
        self.http.trust_env = False
        self._leases: dict[str, Json] = {}
        self._made: list[str] = []
        self.pool = self._run(_POOL)
        self.done, self.stopped = self._completed(), self._run(1)
        announced = {"executor_id": "schema", "instance_id": "schema", "models": [], "heartbeat_interval_s": 300}
        self.executor = api("POST", "/executors", announced, role="runner").json()
        api("POST", f"/runs/{self.stopped}/stop")

    def close(self) -> None:
        """No run stays open: each one costs every later sweep some time."""
        for run_id in self._made:
            self.api("POST", f"/runs/{run_id}/stop")
        self.http.close()

    def lease(self, role: str) -> Json:
        """The claim's reply for the task that this role holds now; the attempt's token speaks for that one alone."""
        if role not in self._leases:
            request: Json = GROUP | {"runner_id": HOLDER, "attempt_token": role == ATTEMPT}
            reply = self.api.claim(self.pool, **request)
            if reply["status"] != "assigned":
                self.pool = self._run(_POOL)
                reply = self.api.claim(self.pool, **request)
            self._leases[role] = reply
        return self._leases[role]

    def headers(self, role: str) -> dict[str, str]:
        if role == NOBODY:
            return {}
        key = self.lease(role)["attempt_token"] if role == ATTEMPT else getattr(self.api.ready.keys, role)
        return {"Authorization": f"Bearer {key}"}

    def ask(self, made: Case, role: str) -> None:
        """Sends the request as this role, or as nobody where it is one without a key. Raises what is wrong with the reply."""
        role = NOBODY if lacks_key(made) else role
        case, headers = addressed(self, made, role), self.headers(role)
        sent: dict[str, Any] = {"base_url": self.api.ready.api_url, "session": self.http}
        reply = case.call(headers=headers, timeout=30, **sent)
        if reply.status_code == 200 and case.path.endswith(ENDS):
            self._forget(case.path_parameters["task_id"])
        if reply.status_code == 201 and case.path == "/runs":
            self._made.append(reply.json()["run_id"])
        try:
            check(case, reply, headers=headers, sent=sent)
        except BaseException as failure:
            failure.add_note(f"sent as {role}")
            raise

    def _forget(self, task_id: str) -> None:
        self._leases = {role: held for role, held in self._leases.items() if held["task"]["id"] != task_id}

    def known(self, role: str) -> Json:
        """Fields of bodies and queries, as they are right for the task that this role holds."""
        key = self._held(role)["presigned_urls"]["result_key"]
        generation = self.executor["generation"]
        return {**GROUP, "runner_id": HOLDER, "attempt": 1, "s3_result_key": key, "generation": generation}

    def _held(self, role: str) -> Json:
        return self.lease(role if role in (RUNNER, ATTEMPT) else ADMIN)

    def address(self, case: Case, role: str, chance: int) -> dict[str, str]:
        """Path parameters: ids of what exists, in whatever state."""
        if "task_id" in case.path_parameters:
            others = [f"{self.done}.1", f"{self.stopped}.1", f"{self.pool}.{_POOL}"]
            held = self._held(role)["task"]["id"]
            return {"task_id": ([held] * 5 + others)[chance % 8]}
        if "executor_id" in case.path_parameters:
            return {"executor_id": "schema"}
        if "run_id" in case.path_parameters:
            run_id = (self.stopped, self.done, self.pool)[chance % 3]
            if (role, case.method, run_id == self.pool) == (ADMIN, "DELETE", False):
                return {"run_id": self._over()}
            ends = run_id == self.pool and role == ADMIN and case.path.endswith("/stop")
            return {"run_id": self._run(1) if ends else run_id}
        return {}

    def _run(self, tasks: int) -> str:
        run_id = self.api.create(per_instance_type={"tasks": tasks}, local=[GROUP], lease_s=3_600)["run_id"]
        self._made.append(run_id)
        return str(run_id)

    def _over(self) -> str:
        """A run that may be deleted: nothing else needs it."""
        run_id = self._run(1)
        self.api("POST", f"/runs/{run_id}/stop")
        return run_id

    def _completed(self) -> str:
        run_id = self._run(1)
        held = self.api.claim(run_id, **GROUP, runner_id=HOLDER)
        said = {"runner_id": HOLDER, "s3_result_key": held["presigned_urls"]["result_key"]}
        assert self.api("POST", f"/tasks/{held['task']['id']}/complete", said).status_code == 200
        return run_id


def addressed(world: World, made: Case, role: str) -> Case:
    """A copy of the request for a role: mostly about what exists, and never about a large run."""
    case = made.derive()
    case.headers.update(world.headers(role))  # in place of a made-up key
    chance = zlib.crc32(repr((made.path_parameters, made.query, made.body)).encode())
    _put(case, "body", _small(case.body))
    if chance % 5 == 0:
        return case
    if case.meta is None or not case.meta.is_negative_at(ParameterLocation.PATH):
        _put(case, "path_parameters", {**case.path_parameters, **world.address(case, role, chance)})
    known = world.known(role)
    _put(case, "query", _with(case.query, known))
    if "per_instance_type" not in (case.body if isinstance(case.body, dict) else {}):
        _put(case, "body", _with(case.body, known))
    return case


def _put(case: Case, part: str, value: Any) -> None:
    """What did not change is not judged anew."""
    if value != getattr(case, part):
        setattr(case, part, value)


def _with(said: Any, known: Json) -> Any:
    """What exists in place of what was made up; what is there in a wrong kind, or empty, stays."""
    if not isinstance(said, dict):
        return said
    return {
        name: known[name] if value and type(value) is type(known.get(name)) else value for name, value in said.items()
    }


def _small(body: Any) -> Any:
    asked = body.get("per_instance_type") if isinstance(body, dict) else None
    if not isinstance(asked, dict) or "tasks" not in asked:
        return body
    return body | {"per_instance_type": asked | {"tasks": _few(asked["tasks"])}}


def _few(tasks: Any) -> Any:
    """A number that would be taken becomes a small one of the same kind."""
    try:
        number = float(tasks)
    except (TypeError, ValueError):
        return tasks
    if isinstance(tasks, bool) or not _FEW_TASKS < number < MAX_TASKS + 1:
        return tasks
    return type(tasks)(_FEW_TASKS)
