"""Which resource of a stack failed first, and what helps."""

from typing import Any

import pytest
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.stack_events import first_failure, remedy_for, since, words_of
from benchfleet.deploy.stacks import Stack, _require_ready

from tests.each_case import each_case


def event(resource: str, status: str, reason: str = "", *, number: int = 0) -> dict[str, Any]:
    return {
        "EventId": f"{resource}-{status}-{number}",
        "StackName": "benchfleet-dev",
        "LogicalResourceId": resource,
        "ResourceType": f"AWS::Some::{resource}",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


# newest first, as CloudFormation lists them
FAILED = [
    event("benchfleet-dev", "ROLLBACK_COMPLETE"),
    event("benchfleet-dev", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Bucket, Queue]."),
    event("Queue", "CREATE_FAILED", "Resource creation cancelled"),
    event("Bucket", "CREATE_FAILED", "benchfleet-dev-x already exists"),
    event("Table", "CREATE_COMPLETE"),
    event("benchfleet-dev", "CREATE_IN_PROGRESS", "User Initiated"),
]
EARLIER = [
    event("Role", "UPDATE_FAILED", "of an update that is long over"),
    event("benchfleet-dev", "UPDATE_IN_PROGRESS"),
]


def test_the_cause_is_named_and_not_what_it_took_with_it() -> None:
    assert words_of(first_failure(FAILED)) == "Bucket (AWS::Some::Bucket): benchfleet-dev-x already exists"
    assert remedy_for(first_failure(FAILED)).startswith("that name is taken")


def test_failures_of_an_earlier_operation_are_over() -> None:
    assert words_of(first_failure([*FAILED, *EARLIER])).startswith("Bucket")
    assert first_failure([event("benchfleet-dev", "UPDATE_IN_PROGRESS"), *EARLIER]) is None


def test_without_events_the_words_say_so() -> None:
    assert words_of(first_failure([])) == "CloudFormation names no resource"
    assert remedy_for(None) == "mend the cause, then run the command again"


def test_a_rollback_that_names_no_resource_is_told_by_its_own_reason() -> None:
    rollback = event("benchfleet-dev", "UPDATE_ROLLBACK_IN_PROGRESS", "Template error")
    done = event("benchfleet-dev", "UPDATE_ROLLBACK_COMPLETE")
    found = first_failure([done, rollback, event("benchfleet-dev", "UPDATE_IN_PROGRESS"), *FAILED])
    assert words_of(found) == "benchfleet-dev (AWS::Some::benchfleet-dev): Template error"


def test_a_permission_and_a_quota_have_their_own_remedies() -> None:
    denied = event("Role", "CREATE_FAILED", "User: arn is not authorized to perform: iam:CreateRole")
    assert remedy_for(denied).startswith("add the permission")
    assert "Service Quotas" in remedy_for(event("Vpc", "CREATE_FAILED", "The maximum number of VPCs: VpcLimitExceeded"))


def test_each_event_is_told_once_and_the_oldest_first() -> None:
    seen: set[str] = set()
    assert [it["ResourceStatus"] for it in since(FAILED[3:], seen)] == [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "CREATE_FAILED",
    ]
    assert [it["LogicalResourceId"] for it in since(FAILED, seen)] == ["Queue", "benchfleet-dev", "benchfleet-dev"]
    assert since(FAILED, seen) == []


@each_case(
    ("status", "helps"),
    [
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name s --region eu-west-1"),
        ("ROLLBACK_FAILED", "aws cloudformation delete-stack --stack-name s --region eu-west-1"),
        ("DELETE_FAILED", "aws cloudformation delete-stack --stack-name s --region eu-west-1"),
        ("CREATE_FAILED", "aws cloudformation delete-stack --stack-name s --region eu-west-1"),
    ],
)
def test_a_stack_that_cannot_be_updated_is_explained_with_the_command_that_helps(status: str, helps: str) -> None:
    stack = Stack("s", "eu-west-1", "{}", {}, {})
    with pytest.raises(DeployError) as refused:
        _require_ready(stack, status, FAILED)
    assert refused.value.problem == (
        f"stack s in eu-west-1 is {status} and cannot be updated: Bucket (AWS::Some::Bucket): benchfleet-dev-x already exists"
    )
    assert helps in refused.value.remedy


@each_case("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"])
def test_a_stack_that_can_be_updated_is_taken(status: str) -> None:
    _require_ready(Stack("s", "eu-west-1", "{}", {}, {}), status, [])
