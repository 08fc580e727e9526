"""What AWS refuses, in words that name the cause and the remedy, and with the documented exit code."""

from datetime import UTC, datetime
from typing import Any

import pytest
from benchfleet import exit_codes
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.left import Changed
from benchfleet.deploy.refusals import explained, meaning
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, UnauthorizedSSOTokenError

from tests.each_case import each_case

AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def refusal(code: str, message: str = "No.", *, date: str = "Sun, 29 Nov 2026 12:00:00 GMT") -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    return ClientError(answer, "Anything")


def told(error: Exception) -> DeployError:
    return meaning(error, "making the stack", now=lambda: AT)


@each_case(
    ("error", "words"),
    [
        (refusal("ExpiredToken"), "the AWS credentials have expired"),
        (refusal("ExpiredTokenException"), "the AWS credentials have expired"),
        (refusal("InvalidClientTokenId"), "AWS does not know these credentials"),
        (refusal("UnrecognizedClientException"), "AWS does not know these credentials"),
        (NoCredentialsError(), "no AWS credentials were found"),
        (UnauthorizedSSOTokenError(), "the AWS single sign-on session has expired"),
    ],
)
def test_credentials_are_exit_code_4_and_lead_to_a_login(error: Exception, words: str) -> None:
    found = told(error)
    assert (words in str(found), "aws sso login" in str(found), found.exit_code) == (True, True, exit_codes.AUTH)


def test_a_missing_permission_is_named_with_who_lacks_it_and_on_what() -> None:
    message = (
        "User: arn:aws:iam::123456789012:user/me is not authorized to perform: lambda:CreateFunction on resource: "
        "arn:aws:lambda:eu-west-1:123456789012:function:benchfleet-dev because no identity-based policy allows the action"
    )
    found = told(refusal("AccessDeniedException", message))
    assert found.exit_code == exit_codes.AUTH
    assert str(found) == (
        "arn:aws:iam::123456789012:user/me lacks the permission lambda:CreateFunction on "
        "arn:aws:lambda:eu-west-1:123456789012:function:benchfleet-dev while making the stack. "
        "Remedy: add lambda:CreateFunction to that user or role (docs/deploy.md lists what a deploy needs), or use another "
        "profile. Left behind: nothing was changed."
    )


def test_a_permission_that_aws_does_not_name_is_told_in_its_words() -> None:
    found = told(refusal("AccessDenied", "Access Denied"))
    assert (found.exit_code, "Access Denied" in str(found)) == (exit_codes.AUTH, True)


@each_case("code", ["SignatureDoesNotMatch", "RequestTimeTooSkewed", "InvalidSignatureException"])
def test_a_wrong_clock_is_told_apart_from_a_wrong_key(code: str) -> None:
    late = told(refusal(code, date="Sun, 29 Nov 2026 12:20:00 GMT"))
    assert (late.problem, late.exit_code) == (
        "this machine's clock is 20 minutes behind AWS's, which takes no such signature",
        exit_codes.INFRASTRUCTURE,
    )
    early = told(refusal(code, date="Sun, 29 Nov 2026 11:00:00 GMT"))
    assert "60 minutes ahead of" in early.problem
    wrong_key = told(refusal(code))
    assert ("AWS_SECRET_ACCESS_KEY" in wrong_key.remedy, wrong_key.exit_code) == (True, exit_codes.AUTH)


@each_case("code", ["LimitExceededException", "ServiceQuotaExceededException", "TooManyBuckets"])
def test_a_quota_is_named(code: str) -> None:
    found = told(refusal(code, "You have 100 of 100."))
    assert ("quota" in found.problem, "You have 100 of 100" in found.problem, "Service Quotas" in found.remedy) == (
        True,
    ) * 3


def test_being_throttled_is_no_quota() -> None:
    assert "too busy" in told(refusal("TooManyRequestsException")).problem
    assert "too busy" in told(refusal("RequestLimitExceeded")).problem


def test_no_answer_names_the_network() -> None:
    found = told(EndpointConnectionError(endpoint_url="https://sts.nowhere.amazonaws.com/"))
    assert ("does not answer" in found.problem, found.exit_code) == (True, exit_codes.INFRASTRUCTURE)


def test_whatever_a_call_raises_becomes_a_deploy_error() -> None:
    with pytest.raises(DeployError, match="while looking"), explained("looking"):
        raise refusal("Strange", "Something. Else.")


def test_what_was_left_behind_tells_finished_from_unfinished() -> None:
    changed = Changed("run it again")
    assert changed.words() == "nothing was changed"
    with changed.changing("stack a"):
        pass
    with pytest.raises(ValueError, match="no"), changed.changing("keys"):
        raise ValueError("no")
    assert changed.words() == "stack a, keys (unfinished); run it again"
