"""Change sets that belong to their stack, and whose execution fails as a stack's creation or update does.

moto finds a change set by its name alone, whatever the stack, and leaves a stack half made where a resource fails.
"""

import io
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

from moto.cloudformation import models

from local_emulator.account.answers import Start, answer, answer_error
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.account.stacks.zones import with_zones

MotoChangeSet = models.ChangeSet
NAMED = ("DescribeChangeSet", "ExecuteChangeSet", "DeleteChangeSet")
CLOSED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")


class ChangeSet(MotoChangeSet):
    """In place of moto's while an account runs."""

    importing = False

    def _parse_template(self) -> None:
        """As the stack's own, which has names of zones: it is compared with that."""
        super()._parse_template()
        where = self.stack
        self.template_dict = with_zones(self.template_dict, account=where.account_id, region=where.region_name)

    def apply(self) -> None:
        stack: Any = self.stack
        if self.change_set_type == "CREATE":
            stack.begin(self.template, self.parameters, self.tags, importing=self.importing)
        else:
            stack.update(self.template, self.role_arn, parameters=self.parameters, tags=self.tags)


def refusal(request: ApiRequest, backend: Any, environ: dict[str, Any], start: Start) -> list[bytes] | None:
    """What is wrong with a request about change sets; None where moto can answer it."""
    if request.operation == "CreateChangeSet":
        return _before_creation(request, backend, start)
    if request.operation == "ListChangeSets":
        return _listed(request, backend, start)
    if request.operation in NAMED:
        return _resolve(request, backend, environ, start)
    return None


def after_execution(request: ApiRequest, backend: Any) -> None:
    """moto says that all went well, whatever has happened."""
    for stack in backend.stacks.values():
        if request.parameters.get("StackName") in (stack.name, stack.stack_id):
            stack.settle()
            if "ROLLBACK" not in stack.status:  # then all change sets of the stack are over
                for key in [key for key, each in backend.change_sets.items() if each.stack_id == stack.stack_id]:
                    del backend.change_sets[key]


def _before_creation(request: ApiRequest, backend: Any, start: Start) -> list[bytes] | None:
    given = request.parameters
    ChangeSet.importing = given.get("ImportExistingResources") == "true"
    stacks = [each for each in backend.stacks.values() if given.get("StackName") in (each.name, each.stack_id)]
    if given.get("ChangeSetType", "UPDATE") == "CREATE":
        for stack in stacks:
            if stack.status != "REVIEW_IN_PROGRESS":
                name = given.get("ChangeSetName")
                words = f"Stack [{stack.name}] already exists and cannot be created again with the changeSet [{name}]."
                return _invalid(start, words)
            del backend.stacks[stack.stack_id]  # nothing was made of it yet
    for stack in stacks:
        if stack.status in CLOSED:
            return _invalid(start, f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
    return None


def _resolve(request: ApiRequest, backend: Any, environ: dict[str, Any], start: Start) -> list[bytes] | None:
    """Name the change set by its ARN. The last one of this name and stack is meant."""
    name, stack = request.parameters.get("ChangeSetName"), request.parameters.get("StackName")
    if str(name).startswith("arn:"):
        return None
    found = [
        each_id
        for each_id, each in backend.change_sets.items()
        if each.change_set_name == name and stack in (each.stack_name, each.stack_id)
    ]
    if not found and request.operation == "DeleteChangeSet":
        return answer(
            start, 200, b"<DeleteChangeSetResponse><DeleteChangeSetResult/></DeleteChangeSetResponse>", "text/xml"
        )
    if not found:
        message = f"ChangeSet [{name}] does not exist"
        return answer_error(start, "query", status=404, code="ChangeSetNotFound", message=message)
    fields = dict(parse_qsl(environ["wsgi.input"].read().decode(), keep_blank_values=True))
    body = urlencode(fields | {"ChangeSetName": found[-1]}).encode()
    environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
    return None


def _listed(request: ApiRequest, backend: Any, start: Start) -> list[bytes]:
    stack = request.parameters.get("StackName")
    members = "".join(
        f"<member><ChangeSetId>{escape(each_id)}</ChangeSetId><ChangeSetName>{escape(each.change_set_name)}</ChangeSetName>"
        f"<StackId>{escape(each.stack_id)}</StackId><StackName>{escape(each.stack_name)}</StackName>"
        f"<Status>{each.status}</Status><ExecutionStatus>{each.execution_status}</ExecutionStatus></member>"
        for each_id, each in backend.change_sets.items()
        if stack in (each.stack_name, each.stack_id)
    )
    result = f"<ListChangeSetsResult><Summaries>{members}</Summaries></ListChangeSetsResult>"
    return answer(start, 200, f"<ListChangeSetsResponse>{result}</ListChangeSetsResponse>".encode(), "text/xml")


def _invalid(start: Start, message: str) -> list[bytes]:
    return answer_error(start, "query", status=400, code="ValidationError", message=message)
