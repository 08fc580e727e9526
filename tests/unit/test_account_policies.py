"""IAM policies, decided: each row is a rule of AWS's evaluation logic."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_emulator.account.iam.conditions import PolicyNotUnderstood, holds, like
from local_emulator.account.iam.policies import Question, Statement, decide, statements_of
from tests.each_case import each_case

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/benchfleet-dev"


def policy(*statements: dict[str, Any]) -> list[Statement]:
    return statements_of(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


@each_case(
    ("statements", "allowed"),
    [
        ([], False),
        ([allow("dynamodb:GetItem", TABLE)], True),
        ([allow("DYNAMODB:getitem", TABLE)], True),  # actions have no case
        ([allow("dynamodb:GetItem", TABLE.upper())], False),  # resources have one
        ([allow("dynamodb:Get*", "arn:aws:dynamodb:*:*:table/benchfleet-*")], True),
        ([allow("dynamodb:GetIte?", TABLE)], True),
        ([allow("dynamodb:GetItem", TABLE + "/index/*")], False),
        ([allow("dynamodb:PutItem", TABLE)], False),
        ([allow("*")], True),
        ([allow("*"), deny("dynamodb:*", TABLE)], False),
        ([deny("dynamodb:PutItem"), allow("dynamodb:GetItem", TABLE)], True),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "dynamodb:*", "Resource": "*"}], False),
        ([{"Effect": "Allow", "Action": "dynamodb:GetItem", "NotResource": TABLE}], False),
        ([{"Effect": "Allow", "Action": "dynamodb:GetItem", "NotResource": TABLE + "-2"}], True),
        ([allow(["s3:GetObject", "dynamodb:GetItem"], ["arn:aws:s3:::a/*", TABLE])], True),
        ([allow("dynamodb:GetItem", "arn:aws:dynamodb:*:${aws:PrincipalAccount}:table/benchfleet-dev")], True),
        ([allow("dynamodb:GetItem", "arn:aws:dynamodb:*:${aws:username}:table/benchfleet-dev")], False),
        ([allow("dynamodb:GetItem", "arn:aws:dynamodb:*:${aws:username, '123456789012'}:table/benchfleet-dev")], True),
    ],
)
def test_a_policy_decides(statements: list[dict[str, Any]], *, allowed: bool) -> None:
    question = Question("dynamodb:GetItem", TABLE, {"aws:PrincipalAccount": ("123456789012",)})
    assert decide(policy(*statements), question).allowed is allowed


CONTEXT = {
    "aws:RequestedRegion": ("eu-west-1",),
    "aws:TagKeys": ("benchfleet", "benchfleet:run"),
    "aws:RequestTag/benchfleet": ("dev",),
    "ec2:InstanceProfile": ("arn:aws:iam::123456789012:instance-profile/benchfleet-dev-runner",),
    "aws:SecureTransport": ("true",),
}


@each_case(
    ("operator", "key", "values", "expected"),
    [
        ("StringEquals", "aws:RequestedRegion", ["eu-west-1", "eu-west-2"], True),
        ("StringEquals", "AWS:requestedregion", ["eu-west-1"], True),
        ("StringEquals", "aws:RequestedRegion", ["EU-WEST-1"], False),
        ("StringEqualsIgnoreCase", "aws:RequestedRegion", ["EU-WEST-1"], True),
        ("StringNotEquals", "aws:RequestedRegion", ["eu-west-1", "eu-west-2"], False),
        ("StringNotEquals", "aws:RequestedRegion", ["us-east-1"], True),
        ("StringLike", "aws:RequestedRegion", ["eu-*"], True),
        ("StringNotLike", "aws:RequestedRegion", ["eu-*"], False),
        ("StringEquals", "aws:RequestTag/owner", ["x"], False),  # the key is not there
        ("StringNotEquals", "aws:RequestTag/owner", ["x"], True),
        ("StringEqualsIfExists", "aws:RequestTag/owner", ["x"], True),
        ("Null", "aws:RequestTag/owner", ["true"], True),
        ("Null", "aws:RequestTag/benchfleet", ["true"], False),
        ("Null", "aws:RequestTag/benchfleet", ["false"], True),
        ("Bool", "aws:SecureTransport", ["false"], False),
        ("ArnLike", "ec2:InstanceProfile", ["arn:aws:iam::*:instance-profile/benchfleet-*"], True),
        ("ArnEquals", "ec2:InstanceProfile", ["arn:aws:iam::1:instance-profile/benchfleet-*"], False),
        ("ArnLike", "ec2:InstanceProfile", ["arn:*"], False),  # a part for each part
        ("ForAllValues:StringEquals", "aws:TagKeys", ["benchfleet", "benchfleet:run", "more"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["benchfleet"], False),
        ("ForAllValues:StringEquals", "aws:NoSuch", ["benchfleet"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["benchfleet"], True),
        ("ForAnyValue:StringEquals", "aws:NoSuch", ["benchfleet"], False),
        ("NumericLessThan", "aws:RequestTag/benchfleet", ["3"], False),  # no number
    ],
)
def test_a_condition_holds(operator: str, key: str, values: list[str], *, expected: bool) -> None:
    assert holds(operator, key, values, CONTEXT) is expected


@each_case(
    ("statement", "words"),
    [
        (allow("s3:*", Condition={"IpAddress": {"aws:SourceArn": "x"}}), "IpAddress"),
        (allow("s3:*", Condition={"StringEquals": {"s3:signatureAge": "1"}}), "s3:signatureAge"),
        ({"Effect": "Maybe", "Action": "s3:*", "Resource": "*"}, "Maybe"),
        ({"Effect": "Allow", "Resource": "*"}, "NotAction"),
        ({**allow("s3:*"), "NotPrincipal": "*"}, "NotPrincipal"),
        ({**allow("s3:*"), "Colour": "red"}, "Colour"),
    ],
)
def test_what_is_not_understood_is_an_error(statement: dict[str, Any], words: str) -> None:
    with pytest.raises(PolicyNotUnderstood, match=words):
        decide(policy(statement), Question("s3:GetObject", "arn:aws:s3:::a/b"))


def test_an_old_version_of_the_language_is_an_error() -> None:
    with pytest.raises(PolicyNotUnderstood, match="2008-10-17"):
        statements_of({"Version": "2008-10-17", "Statement": []})


def test_a_verdict_says_why() -> None:
    question = Question("dynamodb:GetItem", TABLE)
    refused = decide(policy(allow("s3:*")), question)
    assert refused.reason == "because no identity-based policy allows the dynamodb:GetItem action"
    denied = decide(policy(allow("*"), deny("*", Sid="Never")), question)
    assert (denied.explicit, denied.reason) == (True, "with an explicit deny in an identity-based policy (Never)")


def test_a_policy_of_a_resource_asks_who() -> None:
    statement = {**allow("lambda:InvokeFunction"), "Principal": {"Service": "events.amazonaws.com"}}
    for principal, allowed in (("events.amazonaws.com", True), ("apigateway.amazonaws.com", False)):
        question = Question("lambda:InvokeFunction", "arn:x", principals=frozenset({principal}))
        assert decide(policy(statement), question).allowed is allowed


ACTIONS = st.sampled_from(["s3:GetObject", "s3:PutObject", "dynamodb:GetItem", "*", "s3:*", "dynamodb:Get*"])
RESOURCES = st.sampled_from(["*", "arn:aws:s3:::a/*", "arn:aws:s3:::a/b", "arn:aws:s3:::b/*", TABLE])
STATEMENTS = st.lists(
    st.builds(
        lambda effect, action, resource: {"Effect": effect, "Action": action, "Resource": resource},
        st.sampled_from(["Allow", "Deny"]),
        ACTIONS,
        RESOURCES,
    ),
    max_size=5,
)
ASKED = st.builds(Question, st.sampled_from(["s3:GetObject", "s3:PutObject", "dynamodb:GetItem"]), RESOURCES)


@given(STATEMENTS, ASKED, st.randoms())
def test_the_order_of_statements_decides_nothing(
    statements: list[dict[str, Any]], asked: Question, random: Any
) -> None:
    shuffled = random.sample(statements, len(statements))
    assert decide(policy(*statements), asked).allowed == decide(policy(*shuffled), asked).allowed


@given(STATEMENTS, ASKED)
def test_one_more_deny_never_allows_and_one_more_allow_never_denies(
    statements: list[dict[str, Any]], asked: Question
) -> None:
    before = decide(policy(*statements), asked)
    assert not decide(policy(*statements, deny("*")), asked).allowed
    assert decide(policy(*statements, allow("*")), asked).allowed is not before.explicit


@given(st.text(alphabet="ab:/", max_size=8), st.text(alphabet="ab:/*?", max_size=8))
def test_wildcards_are_those_of_a_shell_that_knows_no_slash(value: str, pattern: str) -> None:
    from fnmatch import fnmatchcase

    assert like(value, pattern) == fnmatchcase(value, pattern)
