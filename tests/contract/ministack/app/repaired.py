"""ministack's application with what our stack and Chalice need; it runs in ministack's own environment.

- ImportRestApi and PutRestApi ignore their document. ministack can import documents, for its stacks, and so it does here.
- Chalice sends UpdateRestApi with an empty `/minimumCompressionSize`, to switch compression off; ministack takes numbers only.
- Its stacks refuse alarms with an expression over several metrics; here they get an alarm over the first of these metrics.
- IAM's variables in conditions (`${aws:PrincipalAccount}`) are compared as they are written; here they have their values.
- The ARN of a schedule has the group `default`, whatever its group is; here it has its own.
- A schedule's input keeps Scheduler's own words (`<aws.scheduler.scheduled-time>`); here they are replaced.
- There is no TLS here, and the bucket's policy refuses requests without it: they are passed on as a proxy does that ends TLS.
- Functions are told where AWS is by GATEWAY_PORT, which is not known before the server listens on a free one.
- Functions find boto3 in AWS's runtime, and not in ministack's: RUNTIME_MODULES is a folder of what AWS's runtime has.
"""

import json
import os
import re
from datetime import UTC, datetime
from typing import Any

from ministack.app import app as ministack
from ministack.core import iam_actions, iam_evaluator
from ministack.services import apigateway_v1, eventbridge
from ministack.services.cloudformation import provisioners

_plain_alarm, _plain_request = provisioners._cw_metric_alarm_record, apigateway_v1.handle_request
_plain_conditions, _plain_arn = iam_evaluator._conditions_met, iam_actions.extract_resource_arn
_plain_target = eventbridge._invoke_target
_API, _VARIABLE = re.compile(r"/restapis/([^/]+)/?\Z"), re.compile(r"\$\{([\w:/-]+)\}")


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        os.environ["GATEWAY_PORT"] = str(scope["server"][1])
        scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
    await ministack(scope, receive, send)


def _alarm(name: str, wanted: dict[str, Any]) -> Any:
    """CloudFormation's properties of an alarm, with `Metrics` or without."""
    if not wanted.get("Metrics"):
        return _plain_alarm(name, wanted)
    measured = next(it["MetricStat"] for it in wanted["Metrics"] if "MetricStat" in it)
    plain = {name: value for name, value in wanted.items() if name != "Metrics"}
    return _plain_alarm(
        name, {**plain, **measured["Metric"], "Statistic": measured["Stat"], "Period": measured["Period"]}
    )


def _conditions(conditions: dict[str, Any], context: Any) -> bool:
    def value(found: re.Match[str]) -> str:
        known = iam_evaluator._resolve_condition_key(found[1], context)
        return found[0] if known is None else str(known)

    return bool(_plain_conditions(json.loads(_VARIABLE.sub(value, json.dumps(conditions))), context))


def _arn(service: str, method: str, path: str, headers: Any, body: bytes, query: Any, *more: Any, **named: Any) -> str:
    """Of what a request is for. The group is in the body of CreateSchedule and UpdateSchedule, else in the query."""
    found = str(_plain_arn(service, method, path, headers, body, query, *more, **named))
    if service != "scheduler":
        return found
    asked = query.get("groupName", [])
    group = json.loads(body).get("GroupName") if body else asked[0] if isinstance(asked, list) and asked else asked
    return found.replace(":schedule/default/", f":schedule/{group or 'default'}/")


def _target(target: dict[str, Any], event: dict[str, Any], rule: Any) -> Any:
    """What a schedule or a rule invokes."""
    if event.get("Source") == "aws.scheduler" and "Input" in target:
        due = datetime.fromtimestamp(event["Time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        target = {**target, "Input": target["Input"].replace("<aws.scheduler.scheduled-time>", due)}
    return _plain_target(target, event, rule)


async def _request(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
    """A request to API Gateway, as ministack routes it."""
    given, of_api = json.loads(body) if body else {}, _API.match(path)
    if method == "POST" and path.rstrip("/") == "/restapis" and "paths" in given:
        api_id = apigateway_v1._import_rest_api(given, {"binaryMediaTypes": _binary(given)})
        return 201, *apigateway_v1._get_rest_api(api_id)[1:]
    if method == "PUT" and of_api and of_api[1] in apigateway_v1._rest_apis:
        return _replace(of_api[1], given)
    if method == "PATCH" and of_api:
        wanted = [it for it in given.get("patchOperations", ()) if not _no_compression(it)]
        body = json.dumps({**given, "patchOperations": wanted}).encode()
    return await _plain_request(method, path, headers, body, query)


def _replace(api_id: str, document: dict[str, Any]) -> Any:
    """PutRestApi in its mode `overwrite`: what the document has, and nothing else."""
    resources = apigateway_v1._resources[api_id]
    for resource_id in [name for name, found in resources.items() if found["path"] != "/"]:
        apigateway_v1._delete_resource(api_id, resource_id)
    for root in resources.values():
        root["resourceMethods"].clear()
    for path, item in document["paths"].items():
        apigateway_v1._import_path_item(api_id, path, item)
    apigateway_v1._rest_apis[api_id]["binaryMediaTypes"] = _binary(document)
    return apigateway_v1._get_rest_api(api_id)


def _binary(document: dict[str, Any]) -> list[str]:
    found: list[str] = document.get("x-amazon-apigateway-binary-media-types", [])
    return found


def _no_compression(operation: dict[str, Any]) -> bool:
    return operation.get("path") == "/minimumCompressionSize" and operation.get("value") == ""


provisioners._cw_metric_alarm_record = _alarm
apigateway_v1.handle_request = _request
iam_evaluator._conditions_met = _conditions
iam_actions.extract_resource_arn = _arn
eventbridge._invoke_target = _target
os.environ["PYTHONPATH"] = os.environ.get("RUNTIME_MODULES", "")
