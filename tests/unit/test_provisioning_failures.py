"""What AWS refuses, in our words: each code that EC2, ECS and their signatures know."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import exceptions

from chalicelib.domain.launches import LaunchFailed
from chalicelib.provisioning import ecs_state
from chalicelib.provisioning.asking import asking, of_answer
from chalicelib.provisioning.failures import MAX_WORDS, failure
from tests.each_case import each_case

WHERE = "c8g.large (spot) in eu-west-1, subnet-1"


@each_case(
    ("code", "message", "ours"),
    [
        ("InsufficientInstanceCapacity", "We currently do not have sufficient c8g.large capacity", "capacity"),
        ("InsufficientHostCapacity", "", "capacity"),
        ("UnfulfillableCapacity", "", "capacity"),
        ("InsufficientFreeAddressesInSubnet", "", "capacity"),
        ("SpotMaxPriceTooLow", "Your Spot request price of 0.01 is lower than the minimum required", "capacity"),
        ("VcpuLimitExceeded", "your current vCPU limit of 0 allows for the instance bucket", "quota"),
        ("InstanceLimitExceeded", "", "quota"),
        ("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded", "quota"),
        ("VolumeLimitExceeded", "", "quota"),
        ("ClientException", "You've reached the limit on the number of vCPUs you can run concurrently", "quota"),
        ("Unsupported", "is not supported in your requested Availability Zone (eu-west-1c)", "unsupported"),
        ("InvalidInstanceType", "", "unsupported"),
        ("InvalidParameterValue", "Invalid value 'c99.large' for InstanceType.", "unsupported"),
        ("InvalidParameterValue", "The architecture 'arm64' of … does not match the architecture 'x86_64'", "unsupported"),
        ("PlatformUnknownException", "", "unsupported"),
        ("InvalidAMIID.NotFound", "The image id '[ami-1]' does not exist", "image"),
        ("InvalidAMIID.Unavailable", "", "image"),
        ("ParameterNotFound", "", "image"),
        ("UnauthorizedOperation", "You are not authorized to perform this operation.", "permission"),
        ("AccessDeniedException", "", "permission"),
        ("InvalidParameterException", "ECS was unable to assume the role: not able to assume", "permission"),
        ("OptInRequired", "", "permission"),
        ("Blocked", "", "permission"),
        ("ExpiredToken", "", "credentials"),
        ("ExpiredTokenException", "", "credentials"),
        ("AuthFailure", "AWS was not able to validate the provided access credentials", "credentials"),
        ("InvalidClientTokenId", "", "credentials"),
        ("UnrecognizedClientException", "", "credentials"),
        ("RequestExpired", "", "credentials"),
        ("SignatureDoesNotMatch", "", "credentials"),
        ("InvalidSignatureException", "", "credentials"),
        ("RequestLimitExceeded", "", "network"),
        ("ThrottlingException", "Rate exceeded", "network"),
        ("InternalError", "", "unknown"),
        ("ServerException", "", "unknown"),
        ("IdempotentParameterMismatch", "", "unknown"),
        ("PendingVerification", "", "not_ready"),
        ("InvalidParameterValue", "Value (arn:…) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile",
         "invalid"),
        ("InvalidSubnetID.NotFound", "", "invalid"),
        ("ClusterNotFoundException", "Cluster not found.", "invalid"),
        ("ClientException", "TaskDefinition not found.", "invalid"),
        ("InvalidParameterCombination", "", "invalid"),
        ("MissingParameter", "", "invalid"),
        ("SomethingNew", "of next year", "unknown"),
    ],
)  # fmt: skip
def test_every_code_has_our_word_its_place_and_a_remedy(code: str, message: str, ours: str) -> None:
    failed = failure(code, message, where=WHERE)
    assert failed.code == ours
    assert failed.words.startswith(WHERE)
    assert code in failed.words
    assert message in failed.words
    assert failed.remedy
    assert failed.try_elsewhere is (ours == "capacity")


def test_a_lacking_permission_is_named_and_the_encoded_message_is_left_out() -> None:
    message = (
        "You are not authorized to perform this operation. User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: "
        "ec2:RunInstances on resource: arn:aws:ec2:eu-west-1:1:instance/* because no identity-based policy allows it. "
        f"Encoded authorization failure message: {'x' * 900}"
    )
    failed = failure("UnauthorizedOperation", message, where=WHERE)
    assert failed.remedy.startswith("allow ec2:RunInstances on arn:aws:ec2:eu-west-1:1:instance/*")
    assert "xxx" not in failed.words
    assert len(failed.words) <= MAX_WORDS


def answer(code: str, date: str | None) -> exceptions.ClientError:
    headers = {} if date is None else {"date": date}
    response: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPHeaders": headers}}
    return exceptions.ClientError(response, "RunInstances")


@each_case(
    ("date", "words"),
    [
        ("Fri, 15 Jan 2027 08:10:00 GMT", "the clock here is 600 s behind AWS's"),
        ("Fri, 15 Jan 2027 07:40:00 GMT", "the clock here is 1,200 s ahead of AWS's"),
        ("Fri, 15 Jan 2027 08:00:10 GMT", "a wrong secret key"),
        (None, "a wrong secret key"),
        ("yesterday", "a wrong secret key"),
    ],
)
def test_a_wrong_clock_is_told_by_how_much(date: str | None, words: str) -> None:
    now = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    failed = of_answer(answer("SignatureDoesNotMatch", date), where=WHERE, now=now)
    assert failed.code == "credentials"
    assert words in failed.words


def test_other_errors_do_not_blame_the_clock() -> None:
    now = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    assert "clock" not in of_answer(answer("Unsupported", "Fri, 15 Jan 2027 07:00:00 GMT"), where=WHERE, now=now).words


@each_case(
    ("error", "ours"),
    [
        (exceptions.NoCredentialsError(), "credentials"),
        (exceptions.CredentialRetrievalError(provider="sso", error_msg="x"), "credentials"),
        (exceptions.EndpointConnectionError(endpoint_url="https://ec2.nowhere-1.amazonaws.com"), "network"),
        (exceptions.ReadTimeoutError(endpoint_url="https://x"), "network"),
        (exceptions.ParamValidationError(report="x"), "invalid"),
    ],
)
def test_what_got_no_answer_is_told_too(error: exceptions.BotoCoreError, ours: str) -> None:
    with pytest.raises(LaunchFailed) as caught, asking(WHERE):
        raise error
    assert (caught.value.code, caught.value.__cause__) == (ours, error)
    assert caught.value.words.startswith(WHERE)


@each_case(
    ("reason", "ours"),
    [
        (
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
            "capacity",
        ),
        ("RESOURCE:MEMORY", "capacity"),
        ("RESOURCE:CPU", "capacity"),
        ("RESOURCE:ENI", "network"),
        ("AGENT", "capacity"),
        ("MISSING", "invalid"),
        ("INACTIVE", "invalid"),
        ("You’ve reached the limit on the number of tasks", "quota"),
        ("LOCATION", "unknown"),
    ],
)
def test_what_run_task_did_not_place(reason: str, ours: str) -> None:
    failed = ecs_state.refused([{"reason": reason}], where=WHERE)
    assert failed.code == ours
    assert reason in failed.words
    assert failed.remedy


@each_case(
    ("stop_code", "reason", "ours"),
    [
        ("TaskFailedToStart", "CannotPullContainerError: pull image manifest has been retried 1 time(s)", "image"),
        ("TaskFailedToStart", "CannotPullImageManifestError: … access denied", "image"),
        ("TaskFailedToStart", "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException",
         "permission"),
        ("TaskFailedToStart", "ResourceInitializationError: unable to pull secrets: context deadline exceeded", "network"),
        ("TaskFailedToStart", "Timeout waiting for network interface provisioning to complete.", "network"),
        ("TaskFailedToStart", "Unexpected EC2 error while attempting to Create Network Interface: AuthFailure", "unknown"),
        ("TaskFailedToStart", "OutOfMemoryError: container killed", "invalid"),
        ("SpotInterruption", "Your Spot Task was interrupted.", "interrupted"),
        ("TerminationNotice", "Fargate takes the host out of service", "interrupted"),
        ("EssentialContainerExited", "OutOfMemoryError: Container killed due to memory usage", "invalid"),
        ("EssentialContainerExited", "Essential container in task exited", "unknown"),
    ],
)  # fmt: skip
def test_why_a_task_stopped(stop_code: str, reason: str, ours: str) -> None:
    task = {"taskArn": "a", "lastStatus": "STOPPED", "stopCode": stop_code, "stoppedReason": reason,
            "containers": [{"exitCode": 1}]}  # fmt: skip
    found = ecs_state.machine(task, region="eu-west-1")
    assert found.state == "ended"
    assert found.reason is not None
    assert reason in found.reason
    assert found.failure is not None
    assert found.failure.code == ours


@each_case(("stop_code", "exit_code"), [("UserInitiated", 143), ("EssentialContainerExited", 0), (None, None)])
def test_a_task_that_was_ended_or_had_nothing_to_do_has_no_failure(
    stop_code: str | None, exit_code: int | None
) -> None:
    task = {"taskArn": "a", "lastStatus": "STOPPED", "stopCode": stop_code, "containers": [{"exitCode": exit_code}]}
    assert ecs_state.machine(task, region="eu-west-1").failure is None
