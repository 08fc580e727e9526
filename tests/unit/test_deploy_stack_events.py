"""Which resource of a stack failed first, and what helps."""

from typing import Any

from benchfleet.deploy.stack_events import first_failure, remedy_for, since, words_of


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
