"""EC2 as a WSGI app: moto's, with checks that it lacks before a launch, and lives of machines after it.

Called under the endpoint's lock. What is not named here is moto's answer.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from local_emulator.config import REGION
from local_emulator.machines import moto_side
from local_emulator.machines.errors import AwsError
from local_emulator.machines.faults import Faults
from local_emulator.machines.forms import NAMESPACE, XML, Start, answer, form_of, numbered, with_form
from local_emulator.machines.instances import Instance, Instances
from local_emulator.machines.launch_checks import Launch, Offers, check_launch
from local_emulator.machines.tokens import ClientTokens, Conflict
from local_emulator.signed_headers import region_of

WsgiApp = Callable[[dict[str, Any], Start], Any]
_TAG = f"{{{NAMESPACE}}}"
NOT_AGAIN = ("StartInstances", "StopInstances", "RebootInstances")


class Ec2:
    def __init__(self, moto: WsgiApp, instances: Instances, faults: Faults) -> None:
        self._moto, self._instances, self._faults = moto, instances, faults
        self._tokens = ClientTokens()
        self._own: dict[str, Callable[[dict[str, str], str, dict[str, Any], Start], list[bytes]]] = {
            "RunInstances": self._run,
            "TerminateInstances": self._terminate,
            "GetConsoleOutput": self._console,
            **dict.fromkeys(NOT_AGAIN, self._refuse),
        }

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Any:
        form = form_of(environ)
        own = self._own.get(form.get("Action", ""))
        if own is None:
            return self._moto(environ, start_response)
        try:
            return own(form, region_of(environ, otherwise=REGION), environ, start_response)
        except AwsError as error:
            return error.answer_xml(start_response)

    def _run(self, form: dict[str, str], region: str, environ: dict[str, Any], start_response: Start) -> list[bytes]:
        launch = Launch.read(form, region=region, zone_of=lambda subnet: moto_side.subnet_zone(subnet, region=region))
        wanted = {name: value for name, value in form.items() if name not in ("ClientToken", "Version", "DryRun")}
        try:
            made = self._tokens.earlier(region, launch.token, wanted)
        except Conflict as error:
            message = (
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
            )
            raise AwsError("IdempotentParameterMismatch", message) from error
        if made is None:
            check_launch(launch, self._offers(region), self._faults)
            status, body = self._ask(environ, {**form, "MinCount": str(launch.count)})
            if not status.startswith("200"):
                start_response(status, [("Content-Type", XML)])
                return [body]
            made = _texts(body, "instanceId")
            for instance_id in made:
                self._instances.begin(instance_id, launch)
            self._tokens.remember(region, launch.token, wanted, made)
        return self._describe_as_run(made, form, environ, start_response)

    def _describe_as_run(
        self, made: list[str], form: Mapping[str, str], environ: dict[str, Any], start_response: Start
    ) -> list[bytes]:
        """The reservation as it is now: the repeat of a request sees what became of its machines."""
        ids = {f"InstanceId.{number}": instance_id for number, instance_id in enumerate(made, start=1)}
        _, body = self._ask(environ, {"Action": "DescribeInstances", "Version": form.get("Version", ""), **ids})
        reservation = ElementTree.fromstring(body).find(f"{_TAG}reservationSet/{_TAG}item")  # noqa: S314  moto's own
        reply = ElementTree.Element(f"{_TAG}RunInstancesResponse")
        reply.extend([] if reservation is None else list(reservation))
        ElementTree.register_namespace("", NAMESPACE)
        start_response("200 OK", [("Content-Type", XML)])
        return [ElementTree.tostring(reply, encoding="utf-8", xml_declaration=True)]

    def _terminate(
        self, form: dict[str, str], region: str, environ: dict[str, Any], start_response: Start
    ) -> list[bytes]:
        found = [self._find(instance_id) for instance_id in numbered(form, "InstanceId")]
        if not found:
            raise AwsError("MissingParameter", "The request must contain the parameter InstanceId")
        items = []
        for instance in found:
            before = _state(instance)
            self._instances.terminate(instance)
            items.append({"instanceId": instance.id, "currentState": _state(instance), "previousState": before})
        return answer("TerminateInstances", {"instancesSet": items}, start_response)

    def _console(
        self, form: dict[str, str], region: str, environ: dict[str, Any], start_response: Start
    ) -> list[bytes]:
        instance = self._find(form.get("InstanceId", ""))
        output = base64.b64encode(instance.tree.console() if instance.tree else b"").decode()
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        members = {"instanceId": instance.id, "timestamp": now, "output": output}
        return answer("GetConsoleOutput", members, start_response)

    def _refuse(self, form: dict[str, str], region: str, environ: dict[str, Any], start_response: Start) -> list[bytes]:
        raise AwsError(
            "UnsupportedOperation", f"{form['Action']}: an instance of the emulator lives once, until its end"
        )

    def _find(self, instance_id: str) -> Instance:
        instance = self._instances.find(instance_id)
        if instance is None:
            raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
        return instance

    def _offers(self, region: str) -> Offers:
        return Offers(
            exists=moto_side.type_exists,
            facts=lambda kind, zone: moto_side.type_facts(kind, region=region, zone=zone),
            zones=lambda kind: moto_side.zones_with(kind, region=region),
            image_architecture=lambda image: moto_side.image_architecture(image, region=region),
            has_profile=moto_side.has_profile,
            running_vcpus=lambda market: self._instances.running_vcpus(market, region=region),
        )

    def _ask(self, environ: dict[str, Any], form: Mapping[str, str]) -> tuple[str, bytes]:
        """moto's status line and body."""
        head: list[str] = []
        body = b"".join(self._moto(with_form(environ, form), lambda status, *_: head.append(status)))
        return head[0], body


def _state(instance: Instance) -> dict[str, Any]:
    name = instance.moto.state
    return {"code": moto_side.STATES[name], "name": name}


def _texts(body: bytes, name: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(body).iter(f"{_TAG}{name}")]  # noqa: S314
