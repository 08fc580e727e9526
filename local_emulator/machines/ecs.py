"""ECS as a WSGI app: moto's, with checks and idempotency that it lacks, and tasks that run.

Called under the endpoint's lock. What is not named here is moto's answer.
"""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from local_emulator.config import REGION
from local_emulator.machines import moto_side
from local_emulator.machines.errors import AwsError
from local_emulator.machines.faults import Faults
from local_emulator.machines.forms import Start
from local_emulator.machines.task_checks import Order, check_order
from local_emulator.machines.tasks import Tasks
from local_emulator.machines.tokens import ClientTokens, Conflict
from local_emulator.signed_headers import region_of

WsgiApp = Callable[[dict[str, Any], Start], Any]
NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
FARGATE = "fargate"  # the "instance type" of a fault


class Ecs:
    def __init__(self, moto: WsgiApp, tasks: Tasks, faults: Faults) -> None:
        self._moto, self._tasks, self._faults = moto, tasks, faults
        self._tokens = ClientTokens()

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Any:
        operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        own = {"RunTask": self._run, "StopTask": self._stop}.get(operation)
        if own is None:
            return self._moto(environ, start_response)
        try:
            return own(_body(environ), region_of(environ, otherwise=REGION), environ, start_response)
        except AwsError as error:
            return error.answer_json(start_response)

    def _run(self, wanted: dict[str, Any], region: str, environ: dict[str, Any], start_response: Start) -> Any:
        order = Order.read(wanted)
        self._check(order, region)
        same = {name: value for name, value in wanted.items() if name != "clientToken"}
        scope = (region, order.cluster.rpartition("/")[2])
        try:
            made = self._tokens.earlier(scope, order.token, same)
        except Conflict as error:
            message = "The provided clientToken is already in use with a different RunTask request."
            raise AwsError("ConflictException", message, resourceIds=error.made) from error
        if made is not None:
            return self._describe(made, order, environ, start_response)
        subnet = next((each for each in order.subnets if self._has_room(each, order, region)), None)
        if subnet is None:
            return _answer({"tasks": [], "failures": [{"reason": NO_CAPACITY}]}, start_response)
        made = self._begin(order, wanted, region, subnet, environ)
        self._tokens.remember(scope, order.token, same, made)
        return self._describe(made, order, environ, start_response)

    def _check(self, order: Order, region: str) -> None:
        if not moto_side.has_cluster(order.cluster, region=region):
            raise AwsError("ClusterNotFoundException", "Cluster not found.")
        try:
            definition = moto_side.task_definition(order.definition, region=region)
        except LookupError as error:
            raise AwsError("ClientException", "TaskDefinition not found.") from error
        check_order(
            order,
            definition,
            has_subnet=lambda subnet: moto_side.subnet_zone(subnet, region=region) is not None,
            has_group=lambda group: moto_side.has_security_group(group, region=region),
        )

    def _has_room(self, subnet: str, order: Order, region: str) -> bool:
        zone = moto_side.subnet_zone(subnet, region=region) or ""
        return self._faults.take(FARGATE, zone=zone, market=order.market, count=order.count)

    def _begin(
        self, order: Order, wanted: Mapping[str, Any], region: str, subnet: str, environ: dict[str, Any]
    ) -> list[str]:
        groups = order.security_groups or [moto_side.default_security_group(subnet, region=region)]
        network = {
            **wanted["networkConfiguration"]["awsvpcConfiguration"],
            "subnets": [subnet],
            "securityGroups": groups,
        }
        asked = {**wanted, "networkConfiguration": {"awsvpcConfiguration": network}}
        definition = moto_side.task_definition(order.definition, region=region)
        with moto_side.with_memory(definition):
            reply = self._ask("RunTask", asked, environ)
        made = [task["taskArn"] for task in reply["tasks"]]
        container = _container(definition, order.overrides)
        role = getattr(definition, "execution_role_arn", None)
        for arn in made:
            found = moto_side.task(arn, region=region)
            found.availability_zone = moto_side.subnet_zone(subnet, region=region)
            self._tasks.begin(found, region=region, market=order.market, container=container, role=role)
        return made

    def _stop(self, wanted: dict[str, Any], region: str, environ: dict[str, Any], start_response: Start) -> Any:
        task = self._tasks.find(wanted.get("task", ""))
        if task is None:
            raise AwsError("InvalidParameterException", "The referenced task was not found.")
        self._tasks.end(task, ("UserInitiated", wanted.get("reason") or "Task stopped by user"))
        asked = {"cluster": wanted.get("cluster", "default"), "tasks": [task.moto.task_arn]}
        (shown,) = self._ask("DescribeTasks", asked, environ)["tasks"]
        return _answer({"task": shown}, start_response)

    def _describe(self, made: list[str], order: Order, environ: dict[str, Any], start_response: Start) -> list[bytes]:
        """As they are now: the repeat of a request sees what became of its tasks."""
        asked = {"cluster": order.cluster, "tasks": made, "include": ["TAGS"]}
        return _answer({"tasks": self._ask("DescribeTasks", asked, environ)["tasks"], "failures": []}, start_response)

    def _ask(self, operation: str, body: Mapping[str, Any], environ: Mapping[str, Any]) -> Any:
        """Raises AwsError with moto's words where it refuses."""
        data = json.dumps(body).encode()
        kept = {name: value for name, value in environ.items() if not name.startswith("werkzeug.")}
        service = environ["HTTP_X_AMZ_TARGET"].rpartition(".")[0]
        head: list[str] = []
        asked = {
            **kept,
            "HTTP_X_AMZ_TARGET": f"{service}.{operation}",
            "wsgi.input": io.BytesIO(data),
            "CONTENT_LENGTH": str(len(data)),
        }
        reply = json.loads(b"".join(self._moto(asked, lambda status, *_: head.append(status))))
        if not head[0].startswith("200"):
            code = str(reply.get("__type", "ServerException")).rpartition("#")[2]
            raise AwsError(code, str(reply.get("message", "")), status=int(head[0].split()[0]))
        return reply


def _container(definition: Any, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The definition's one container, with what RunTask says otherwise."""
    container = dict(definition.container_definitions[0])
    for override in overrides.get("containerOverrides", []):
        if "command" in override:
            container["command"] = override["command"]
        container["environment"] = [*container.get("environment", []), *override.get("environment", [])]
    return container


def _body(environ: Mapping[str, Any]) -> dict[str, Any]:
    """Raises AwsError."""
    text = environ["wsgi.input"].read()
    environ["wsgi.input"].seek(0)
    try:
        found = json.loads(text or b"{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AwsError("SerializationException", "The body is no JSON object.")
    return found


def _answer(reply: Mapping[str, Any], start_response: Start) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
    return [json.dumps(reply).encode()]
