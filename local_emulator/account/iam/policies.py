"""Do these policy statements allow this action on this resource? Pure.

Evaluation: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html. An explicit
Deny beats every Allow; what nothing allows is denied. What is not understood is an error, never an answer.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_emulator.account.iam.conditions import Context, PolicyNotUnderstood, holds, like

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}
_MEMBERS = {
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition",
}  # fmt: skip
KNOWN_KEYS = frozenset(
    {
        "aws:currenttime", "aws:principalaccount", "aws:principalarn", "aws:requestedregion", "aws:resourceaccount",
        "aws:securetransport", "aws:sourceaccount", "aws:sourcearn", "aws:tagkeys", "aws:userid", "aws:username",
        "aws:viaawsservice", "cloudwatch:namespace", "ec2:createaction", "ec2:instancemarkettype",
        "ec2:instanceprofile", "ec2:instancetype", "ec2:metadatahttptokens", "ec2:metadatahttpputresponsehoplimit",
        "ec2:owner", "ec2:region", "ecs:cluster", "ecs:createaction", "iam:passedtoservice", "lambda:functionarn",
        "s3:prefix", "ssm:overwrite",
    }
)  # fmt: skip
_KNOWN_FAMILIES = ("aws:resourcetag/", "aws:requesttag/", "aws:principaltag/", "ec2:resourcetag/", "ecs:resourcetag/")


@dataclass(frozen=True)
class Statement:
    """One statement of a policy. `principals` is None where the policy is an identity's."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_actions: bool = False
    not_resources: bool = False
    principals: tuple[str, ...] | None = None
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # operator, key, values
    sid: str = ""


@dataclass(frozen=True)
class Verdict:
    """`explicit`: a Deny said so. `reason` ends AWS's sentence "… is not authorized to perform …"."""

    allowed: bool
    reason: str
    explicit: bool = False


@dataclass(frozen=True)
class Question:
    """May `action` be done to `resource`? `principals` are the names of who asks, for policies of resources."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)
    principals: frozenset[str] = frozenset()


def statements_of(document: str | Mapping[str, Any]) -> list[Statement]:
    """Raises PolicyNotUnderstood for what is no policy of version 2012-10-17."""
    try:
        policy = json.loads(document) if isinstance(document, str) else document
        if policy.get("Version", "2012-10-17") != "2012-10-17":
            raise PolicyNotUnderstood(f"policy version {policy['Version']}: write 2012-10-17")
        return [_statement(each) for each in _list(policy["Statement"])]
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise PolicyNotUnderstood(f"this is no policy: {type(error).__name__} {error}") from error


def decide(statements: Iterable[Statement], question: Question, *, kind: str = "identity-based policy") -> Verdict:
    """Raises PolicyNotUnderstood."""
    allowed_by: Statement | None = None
    for statement in statements:
        if not _applies(statement, question):
            continue
        if statement.effect == "Deny":
            return Verdict(False, f"with an explicit deny in {_article(kind)}{_named(statement)}", explicit=True)
        allowed_by = allowed_by or statement
    if allowed_by:
        return Verdict(True, f"allowed by {_article(kind)}{_named(allowed_by)}")
    return Verdict(False, f"because no {kind} allows the {question.action} action")


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _named(statement: Statement) -> str:
    return f" ({statement.sid})" if statement.sid else ""


def _applies(statement: Statement, question: Question) -> bool:
    def filled(text: str) -> str:
        return _filled(text, question.context)

    if statement.principals is not None and not _is_principal(statement.principals, question.principals):
        return False
    acts = any(like(question.action, pattern, any_case=True) for pattern in statement.actions)
    if acts == statement.not_actions:
        return False
    meets = any(like(question.resource, filled(pattern)) for pattern in statement.resources)
    if meets == statement.not_resources:
        return False
    return all(_line_holds(line, question) for line in statement.conditions)


def _line_holds(line: tuple[str, str, tuple[str, ...]], question: Question) -> bool:
    operator, key, values = line
    if key.lower() not in KNOWN_KEYS and not key.lower().startswith(_KNOWN_FAMILIES):
        raise PolicyNotUnderstood(f"condition key {key} is not known to the emulator")
    return holds(operator, key, [_filled(value, question.context) for value in values], question.context)


def _is_principal(wanted: tuple[str, ...], principals: frozenset[str]) -> bool:
    return any(pattern == "*" or pattern in principals for pattern in wanted)


def _filled(text: str, context: Context) -> str:
    """With policy variables replaced. One without a value makes a text that nothing matches."""
    if "${" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        name, _, default = match[1].partition(",")
        if name in _LITERALS:
            return _LITERALS[name]
        found = next((values for key, values in context.items() if key.lower() == name.strip().lower()), None)
        return found[0] if found else default.strip().strip("'") or "\0"

    return _VARIABLE.sub(value, text)


def _statement(given: Mapping[str, Any]) -> Statement:
    unknown = set(given) - _MEMBERS
    if unknown or "NotPrincipal" in given:
        raise PolicyNotUnderstood(f"a statement has {', '.join(sorted(unknown)) or 'NotPrincipal'}")
    if given["Effect"] not in ("Allow", "Deny"):
        raise PolicyNotUnderstood(f"Effect is {given['Effect']!r}, not Allow or Deny")
    if ("Action" in given) == ("NotAction" in given):
        raise PolicyNotUnderstood("a statement needs one of Action and NotAction")
    return Statement(
        effect=given["Effect"],
        actions=_texts(given.get("Action", given.get("NotAction"))),
        not_actions="NotAction" in given,
        resources=_texts(given.get("Resource", given.get("NotResource", "*"))),
        not_resources="NotResource" in given,
        principals=_principals(given["Principal"]) if "Principal" in given else None,
        conditions=tuple(
            (operator, key, _texts(values))
            for operator, keys in given.get("Condition", {}).items()
            for key, values in keys.items()
        ),
        sid=given.get("Sid", ""),
    )


def _principals(given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,)
    return tuple(name for names in given.values() for name in _texts(names))


def _texts(given: Any) -> tuple[str, ...]:
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in _list(given))


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]
