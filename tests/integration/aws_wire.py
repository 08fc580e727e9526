"""AWS as its clients see it on the wire: EC2's query protocol with XML, ECS and SSM with JSON, over HTTP on the loopback.

It keeps what the providers rely on and moto does not: tokens, refusals in AWS's own words and status, several pages, states.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import boto3
from botocore.config import Config

from chalicelib.provisioning.clients import Clients

TYPES: dict[str, tuple[int, int, int, str]] = {  # vCPUs, cores, MiB, architecture
    "c8g.medium": (1, 1, 2048, "arm64"),
    "m7i.xlarge": (4, 2, 16384, "x86_64"),
    "mac2.metal": (8, 8, 16384, "arm64_mac"),
}
ACCOUNT = "123456789012"
PAGE = 2


@dataclass
class Refusal:
    """AWS's answer to an action, `times` times. `subnet`: only to requests that name it."""

    action: str
    code: str
    message: str = ""
    status: int = 400
    subnet: str | None = None
    times: int = 1_000
    more: dict[str, Any] = field(default_factory=dict)


class Aws:
    """What there is in each region. `requests` are (action, parameters) in order, `regions` those that were called."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.instances: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, tuple[str, str]] = {}
        self.parameters = {
            f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{name}": f"ami-{name.replace('_', '')}"
            for name in ("x86_64", "arm64")
        }
        self.refusals: list[Refusal] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.date: str | None = None

    def refuse(self, action: str, code: str, message: str = "", **more: Any) -> None:
        self.refusals.append(Refusal(action, code, message, **more))

    def asked(self, action: str) -> list[dict[str, Any]]:
        return [parameters for name, parameters in self.requests if name == action]

    def refusal(self, action: str, subnet: str | None) -> Refusal | None:
        for each in self.refusals:
            if each.action == action and each.times > 0 and each.subnet in (None, subnet):
                each.times -= 1
                return each
        return None


@contextmanager
def serving(aws: Aws) -> Iterator[Clients]:
    """Clients whose AWS is this one."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"aws": aws}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield clients_at(url)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def clients_at(url: str) -> Clients:
    """`total_max_attempts` is 1 so that no test sleeps; what is repeated is tested by itself."""
    retries: Any = {"mode": "standard", "total_max_attempts": 1}
    config = Config(retries=retries, connect_timeout=2, read_timeout=5, proxies={})
    make: Any = _session().client
    return Clients(lambda service, region: make(service, region_name=region, endpoint_url=url, config=config))


@cache
def _session() -> boto3.Session:
    """One for all: what it has read of AWS's services serves the next client."""
    return boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")


class _Handler(BaseHTTPRequestHandler):
    aws: Aws
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        target = self.headers.get("X-Amz-Target")
        if target is None:
            form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
            self._query(form.pop("Action"), form)
        else:
            self._json(target.rpartition(".")[2], json.loads(body))

    def _query(self, action: str, form: dict[str, str]) -> None:
        self.aws.requests.append((action, form))
        if refusal := self.aws.refusal(action, form.get("NetworkInterface.1.SubnetId")):
            error = f"<Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>"
            text = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>r</RequestID></Response>"
            return self._answer(refusal.status, text, "text/xml")
        status, text = getattr(_Ec2(self.aws), action)(form)
        return self._answer(
            status, text if status != 200 else f"<{action}Response>{text}</{action}Response>", "text/xml"
        )

    def _json(self, action: str, body: dict[str, Any]) -> None:
        self.aws.requests.append((action, body))
        if refusal := self.aws.refusal(action, None):
            error = {"__type": refusal.code, "message": refusal.message} if refusal.code else {}
            found = {**error, **refusal.more}
            return self._answer(refusal.status, json.dumps(found), "application/x-amz-json-1.1")
        status, answer = getattr(_Json(self.aws), action)(body)
        return self._answer(status, json.dumps(answer), "application/x-amz-json-1.1")

    def _answer(self, status: int, text: str, kind: str) -> None:
        self.send_response_only(status)
        self.send_header("Date", self.aws.date or formatdate(usegmt=True))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Ec2:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    def RunInstances(self, form: dict[str, str]) -> tuple[int, str]:
        if form.get("DryRun") == "true":
            return _error("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        token, same = form["ClientToken"], json.dumps(sorted(form.items()))
        if token in self.aws.tokens:
            name, before = self.aws.tokens[token]
            if before != same:
                return _error("IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent")
            return 200, f"<instancesSet>{_instance(self.aws.instances[name])}</instancesSet>"
        name = f"i-{len(self.aws.instances):017x}"
        self.aws.tokens[token] = (name, same)
        self.aws.instances[name] = {
            "id": name, "state": "pending", "zone": form["NetworkInterface.1.SubnetId"].replace("subnet-", ""),
            "spot": form.get("InstanceMarketOptions.MarketType") == "spot", "tags": _tags(form), "token": token, "why": None,
        }  # fmt: skip
        return 200, f"<instancesSet>{_instance(self.aws.instances[name])}</instancesSet>"

    def DescribeInstances(self, form: dict[str, str]) -> tuple[int, str]:
        found = [each for each in self.aws.instances.values() if all(_fits(each, *one) for one in _filters(form))]
        start = int(form.get("NextToken", "0"))
        more = f"<nextToken>{start + PAGE}</nextToken>" if len(found) > start + PAGE else ""
        items = "".join(
            f"<item><instancesSet>{_instance(each)}</instancesSet></item>" for each in found[start : start + PAGE]
        )
        return 200, f"<reservationSet>{items}</reservationSet>{more}"

    def DescribeInstanceTypes(self, form: dict[str, str]) -> tuple[int, str]:
        wanted = [value for _, values in _filters(form) for value in values]
        return 200, "<instanceTypeSet>" + "".join(
            _type(name) for name in TYPES if name in wanted
        ) + "</instanceTypeSet>"

    def TerminateInstances(self, form: dict[str, str]) -> tuple[int, str]:
        names = [value for key, value in form.items() if key.startswith("InstanceId.")]
        if gone := [name for name in names if name not in self.aws.instances]:
            many = len(gone) > 1
            words = f"The instance ID{'s' if many else ''} '{', '.join(gone)}' do{'' if many else 'es'} not exist"
            return _error("InvalidInstanceID.NotFound", words)
        for name in names:
            if self.aws.instances[name]["state"] != "terminated":
                self.aws.instances[name]["state"] = "shutting-down"
        return 200, "<instancesSet/>"


def _error(code: str, message: str, status: int = 400) -> tuple[int, str]:
    return (
        status,
        f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>",
    )


def _instance(found: dict[str, Any]) -> str:
    tags = "".join(f"<item><key>{escape(k)}</key><value>{escape(v)}</value></item>" for k, v in found["tags"].items())
    why = found["why"]
    reason = f"<stateReason><code>{why[0]}</code><message>{why[1]}</message></stateReason>" if why else ""
    return (
        f"<item><instanceId>{found['id']}</instanceId><instanceState><name>{found['state']}</name></instanceState>"
        f"<placement><availabilityZone>{found['zone']}</availabilityZone></placement><tagSet>{tags}</tagSet>{reason}"
        + ("<instanceLifecycle>spot</instanceLifecycle>" if found["spot"] else "")
        + "</item>"
    )


def _type(name: str) -> str:
    vcpus, cores, mib, architecture = TYPES[name]
    return (
        f"<item><instanceType>{name}</instanceType><memoryInfo><sizeInMiB>{mib}</sizeInMiB></memoryInfo>"
        f"<vCpuInfo><defaultVCpus>{vcpus}</defaultVCpus><defaultCores>{cores}</defaultCores></vCpuInfo><processorInfo>"
        f"<supportedArchitectures><item>{architecture}</item></supportedArchitectures></processorInfo></item>"
    )


def _tags(form: dict[str, str]) -> dict[str, str]:
    assert form["TagSpecification.1.ResourceType"] == "instance"
    keys = sorted(key for key in form if key.startswith("TagSpecification.1.Tag.") and key.endswith(".Key"))
    return {form[key]: form[key[:-3] + "Value"] for key in keys}


def _filters(form: dict[str, str]) -> list[tuple[str, list[str]]]:
    numbers = sorted({key.split(".")[1] for key in form if key.startswith("Filter.")})
    return [
        (form[f"Filter.{n}.Name"], [value for key, value in form.items() if key.startswith(f"Filter.{n}.Value.")])
        for n in numbers
    ]


def _fits(instance: dict[str, Any], name: str, values: list[str]) -> bool:
    if name.startswith("tag:"):
        return instance["tags"].get(name[4:]) in values
    own = {"instance-id": "id", "instance-state-name": "state", "client-token": "token"}[name]
    return instance[own] in values


class _Json:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    def GetParameter(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if body["Name"] not in self.aws.parameters:
            return 400, {"__type": "ParameterNotFound"}
        return 200, {"Parameter": {"Name": body["Name"], "Value": self.aws.parameters[body["Name"]]}}

    def RunTask(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        same = json.dumps(body, sort_keys=True)
        if before := self.aws.tokens.get(body["clientToken"]):
            if before[1] != same:
                return 400, {"__type": "ConflictException", "message": "in use", "resourceIds": [before[0]]}
            return 200, {"tasks": [self.aws.tasks[before[0]]], "failures": []}
        cluster = body["cluster"].rpartition("/")[2]  # by name or ARN
        arn = f"arn:aws:ecs:eu-north-1:{ACCOUNT}:task/{cluster}/{len(self.aws.tasks):032x}"
        self.aws.tokens[body["clientToken"]] = (arn, same)
        self.aws.tasks[arn] = {
            "taskArn": arn, "lastStatus": "PROVISIONING", "availabilityZone": "eu-north-1b", "tags": body["tags"],
            "desiredStatus": "RUNNING", "containers": [{"name": "runner"}],
            "capacityProviderName": body.get("capacityProviderStrategy", [{}])[0].get("capacityProvider"),
        }  # fmt: skip
        return 200, {"tasks": [self.aws.tasks[arn]], "failures": []}

    def DescribeTasks(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        assert 1 <= len(body["tasks"]) <= 100
        found = [self.aws.tasks[arn] for arn in body["tasks"] if arn in self.aws.tasks]
        missing = [{"arn": arn, "reason": "MISSING"} for arn in body["tasks"] if arn not in self.aws.tasks]
        return 200, {"tasks": found, "failures": missing}

    def ListTasks(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        found = [arn for arn, task in self.aws.tasks.items() if task["desiredStatus"] == body["desiredStatus"]]
        start = int(body.get("nextToken", "0"))
        more = {"nextToken": str(start + PAGE)} if len(found) > start + PAGE else {}
        return 200, {"taskArns": found[start : start + PAGE], **more}

    def StopTask(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        task = self.aws.tasks.get(body["task"])
        if task is None:
            return 400, {"__type": "InvalidParameterException", "message": "The referenced task was not found."}
        task.update(desiredStatus="STOPPED", stopCode="UserInitiated", stoppedReason=body["reason"])
        if task["lastStatus"] != "STOPPED":
            task["lastStatus"] = "DEACTIVATING"
        return 200, {"task": task}
