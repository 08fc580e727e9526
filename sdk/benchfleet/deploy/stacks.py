"""One CloudFormation stack, made or brought up to date by a change set."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchfleet.deploy import stack_events
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.progress import Progress
from benchfleet.deploy.refusals import code_of

CHANGE_SET = "benchfleet-deploy"
MOST_BYTES = 51_200  # of a template in a request
_EVERY_S = 2.0
_NEW = ("", "REVIEW_IN_PROGRESS")  # no stack, or one that has a change set and nothing else
_EMPTY = ("ROLLBACK_COMPLETE", "DELETE_COMPLETE")
_READY = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
_NO_CHANGE = ("didn't contain changes", "no updates are to be performed")

Outputs = dict[str, str]


@dataclass(frozen=True)
class Stack:
    """What is wanted. `region` is the stack's own."""

    name: str
    region: str
    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """One line of a plan. `action`: add, modify, remove; `replaces` says that the old thing is deleted."""

    action: str
    name: str
    kind: str
    replaces: bool = False


class Stacks:
    """`sleep` takes seconds."""

    def __init__(self, aws: Aws, progress: Progress, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._aws = aws
        self._progress = progress
        self._sleep = sleep

    def status(self, stack: Stack) -> str:
        """CloudFormation's word; empty if there is no such stack."""
        found = self._describe(stack)
        return str(found["StackStatus"]) if found else ""

    def parameters(self, stack: Stack) -> dict[str, str]:
        """Those that the stack was made with."""
        found = (self._describe(stack) or {}).get("Parameters", [])
        return {it["ParameterKey"]: it.get("ParameterValue", "") for it in found}

    def apply(self, stack: Stack) -> Outputs:
        """Makes the stack what is wanted, and returns its outputs. Raises DeployError."""
        status = self._settled(stack)
        if status in _EMPTY and status:
            self._remove_empty(stack)
            status = ""
        if status not in _NEW:
            _require_ready(stack, status, self._events(stack))
        seen = {event["EventId"] for event in self._events(stack)} if status else set()
        if self._make_change_set(stack, create=status in _NEW):
            self._cloudformation(stack).execute_change_set(StackName=stack.name, ChangeSetName=CHANGE_SET)
            self._require_success(stack, self._follow(stack, seen))
        else:
            self._progress.note(f"stack {stack.name} in {stack.region} is up to date")
        return self.outputs(stack)

    def remove(self, stack: Stack) -> None:
        """Deletes the stack and waits for it; one that is gone is no error. Raises DeployError."""
        self._settled(stack)
        found = self._describe(stack)
        if found is None:
            return
        known = replace(stack, name=found["StackId"])  # a stack that is gone is known by its id only
        seen = {event["EventId"] for event in self._events(known)}
        self._cloudformation(stack).delete_stack(StackName=known.name)
        status = self._follow(known, seen)
        if status not in ("", "DELETE_COMPLETE"):
            failed = stack_events.first_failure(self._events(known))
            raise DeployError(
                f"stack {stack.name} in {stack.region} is {status}: {stack_events.words_of(failed)}",
                remedy="remove what it names, if it is not the stage's own, then run the command again",
            )

    def plan(self, stack: Stack) -> list[Change]:
        """What `apply` would change. For a stack that is there a change set is made and deleted again."""
        status = self.status(stack)
        if status in (*_NEW, *_EMPTY):
            return everything(stack.template)
        _require_ready(stack, status, self._events(stack))
        try:
            made = self._make_change_set(stack, create=False)
            return self._changes(stack) if made else []
        finally:
            self._forget_change_set(stack)

    def outputs(self, stack: Stack) -> Outputs:
        found = (self._describe(stack) or {}).get("Outputs", [])
        return {it["OutputKey"]: it["OutputValue"] for it in found}

    def _cloudformation(self, stack: Stack) -> Any:
        return self._aws.client("cloudformation", region=stack.region)

    def _describe(self, stack: Stack) -> Mapping[str, Any] | None:
        from botocore.exceptions import ClientError

        try:
            found: Mapping[str, Any] = self._cloudformation(stack).describe_stacks(StackName=stack.name)["Stacks"][0]
        except ClientError as error:
            if code_of(error) == "ValidationError":
                return None
            raise
        return found

    def _events(self, stack: Stack) -> list[stack_events.Event]:
        return list(stack_events.newest_first(self._aws, stack.name, region=stack.region))

    def _settled(self, stack: Stack) -> str:
        """Waits for what an earlier command has begun, and tells of it."""
        status = self.status(stack)
        if not status.endswith("_IN_PROGRESS") or status in _NEW:
            return status
        self._progress.note(f"stack {stack.name} in {stack.region} is {status}: an earlier command's work goes on")
        return self._follow(stack, {event["EventId"] for event in self._events(stack)})

    def _follow(self, stack: Stack, seen: set[str]) -> str:
        """Tells each event until the stack is at rest; returns its status then, empty if it is gone."""
        while True:
            status = self.status(stack)
            for event in stack_events.since(self._events(stack), seen) if status else []:
                if event["LogicalResourceId"] != event["StackName"]:
                    self._progress.resource(
                        event["LogicalResourceId"],
                        event.get("ResourceType", ""),
                        _word(event.get("ResourceStatus", "")),
                    )
            if not status.endswith("_IN_PROGRESS"):
                return status
            self._sleep(_EVERY_S)

    def _remove_empty(self, stack: Stack) -> None:
        """What could not be created is rolled back to an empty stack, which can only be deleted."""
        cause = stack_events.words_of(stack_events.first_failure(self._events(stack)))
        self._progress.note(f"stack {stack.name} could not be created last time: {cause}; its empty rest is removed")
        self._cloudformation(stack).delete_stack(StackName=stack.name)
        while self.status(stack) not in ("", "DELETE_COMPLETE"):
            self._sleep(_EVERY_S)

    def _make_change_set(self, stack: Stack, *, create: bool) -> bool:
        """Whether there is anything to change. One that an earlier command has left is replaced."""
        from botocore.exceptions import ClientError

        if len(stack.template.encode()) > MOST_BYTES:
            raise DeployError(f"the template of {stack.name} is larger than {MOST_BYTES} bytes", remedy="report this")
        if self._describe(stack) is not None:
            self._forget_change_set(stack)
        try:
            self._cloudformation(stack).create_change_set(**_request(stack, create=create))
        except ClientError as error:
            if _says_no_change(str(error)):
                return False
            raise
        return self._change_set_is_made(stack)

    def _change_set_is_made(self, stack: Stack) -> bool:
        client = self._cloudformation(stack)
        while True:
            found = client.describe_change_set(StackName=stack.name, ChangeSetName=CHANGE_SET)
            if found["Status"] == "FAILED":
                reason = str(found.get("StatusReason", ""))
                self._forget_change_set(stack)
                if _says_no_change(reason):
                    return False
                raise DeployError(
                    f"CloudFormation refuses the changes of stack {stack.name}: {reason.rstrip('.')}",
                    remedy="mend the template or its parameters and run the command again",
                )
            if found["Status"] == "CREATE_COMPLETE":
                return True
            self._sleep(_EVERY_S)

    def _forget_change_set(self, stack: Stack) -> None:
        for page in self._aws.pages("cloudformation", "list_change_sets", region=stack.region, StackName=stack.name):
            if any(it["ChangeSetName"] == CHANGE_SET for it in page["Summaries"]):
                self._cloudformation(stack).delete_change_set(StackName=stack.name, ChangeSetName=CHANGE_SET)

    def _changes(self, stack: Stack) -> list[Change]:
        found: list[Change] = []
        for page in self._aws.pages(
            "cloudformation", "describe_change_set", region=stack.region, StackName=stack.name, ChangeSetName=CHANGE_SET
        ):
            found += [_change(it["ResourceChange"]) for it in page.get("Changes", []) if "ResourceChange" in it]
        return found

    def _require_success(self, stack: Stack, status: str) -> None:
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"):
            return
        failed = stack_events.first_failure(self._events(stack)) if status else None
        raise DeployError(
            f"stack {stack.name} in {stack.region} is {status or 'gone'}: {stack_events.words_of(failed)}",
            remedy=stack_events.remedy_for(failed),
        )


def _request(stack: Stack, *, create: bool) -> dict[str, Any]:
    return {
        "StackName": stack.name,
        "ChangeSetName": CHANGE_SET,
        "ChangeSetType": "CREATE" if create else "UPDATE",
        "TemplateBody": stack.template,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in stack.parameters.items()],
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        "ImportExistingResources": create,  # table and bucket outlive their stack: a new one takes them over
    }


def _says_no_change(words: str) -> bool:
    return any(known in words.lower() for known in _NO_CHANGE)


def everything(template: str) -> list[Change]:
    """All resources of a template as additions."""
    import json

    resources = json.loads(template)["Resources"]
    return [Change("add", name, resource["Type"]) for name, resource in resources.items()]


def _change(found: Mapping[str, Any]) -> Change:
    replaces = str(found.get("Replacement", "False")) == "True"
    return Change(str(found["Action"]).lower(), found["LogicalResourceId"], found["ResourceType"], replaces)


def _require_ready(stack: Stack, status: str, events: Sequence[stack_events.Event]) -> None:
    """Raises DeployError for a stack that CloudFormation cannot update as it is."""
    if status in _READY:
        return
    region = f"--stack-name {stack.name} --region {stack.region}"
    if status == "UPDATE_ROLLBACK_FAILED":
        remedy = (
            f"mend the cause, then `aws cloudformation continue-update-rollback {region}`, and run the command again"
        )
    else:
        remedy = f"mend the cause, then `aws cloudformation delete-stack {region}`, and run the command again"
    failed = stack_events.words_of(stack_events.first_failure(events))
    raise DeployError(
        f"stack {stack.name} in {stack.region} is {status} and cannot be updated: {failed}", remedy=remedy
    )


def _word(status: str) -> str:
    """`CREATE_IN_PROGRESS` as people read it."""
    return status.replace("_", " ").lower()
