"""May this caller make this request? Asks the policies, and records what they said."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from local_emulator.account.calls import Call, Calls
from local_emulator.account.iam import control_needs, data_needs, machine_needs
from local_emulator.account.iam.identities import Caller, statements_for
from local_emulator.account.iam.needs import Finder, Need, NeedsUnknown, World
from local_emulator.account.iam.policies import Question, Statement, Verdict, decide
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.config import ACCOUNT

FINDERS: Mapping[str, Finder] = {**data_needs.FINDERS, **control_needs.FINDERS, **machine_needs.FINDERS}
ResourcePolicy = Callable[[str, str], list[Statement]]  # service, ARN → statements of the resource's own policy


class Denied(Exception):
    """AWS's own words say who may not do what, and why."""

    def __init__(self, caller: Caller, need: Need, resource: str, verdict: Verdict) -> None:
        on = f" on resource: {resource}" if resource != "*" else ""
        super().__init__(f"User: {caller.arn} is not authorized to perform: {need.action}{on} {verdict.reason}")
        self.action, self.resource = need.action, resource


class Authority:
    """Callers hold the endpoint's lock."""

    def __init__(self, calls: Calls, world: World, *, resource_policy: ResourcePolicy, enforce: bool) -> None:
        self._calls = calls
        self._world = world
        self._resource_policy = resource_policy
        self._enforce = enforce

    def require(self, caller: Caller, request: ApiRequest) -> None:
        """Raises Denied, NeedsUnknown (for a role or a user), PolicyNotUnderstood."""
        if not caller.quiet:
            self.require_needs(caller, self._needs(caller, request), request)

    def require_needs(self, caller: Caller, needs: Iterable[Need], request: ApiRequest) -> None:
        """The same, where the needs are known. Raises Denied, PolicyNotUnderstood."""
        statements = [] if caller.root else statements_for(caller)
        base = _context(caller, request)
        denied: Denied | None = None
        for need in needs:
            for resource in need.resources:
                question = Question(need.action, resource, base | dict(need.context), caller.principals)
                verdict = self._decide(caller, statements, question, request)
                self._record(caller, request, need, resource, verdict)
                if not verdict.allowed and denied is None:
                    denied = Denied(caller, need, resource, verdict)
        if denied and self._enforce:
            raise denied

    def _decide(self, caller: Caller, own: list[Statement], question: Question, request: ApiRequest) -> Verdict:
        guard = decide(
            self._resource_policy(request.service, question.resource), question, kind="resource-based policy"
        )
        if guard.explicit:
            return guard
        if caller.root:
            return Verdict(True, "the account's own credentials may all")
        verdict = decide(own, question)
        return guard if guard.allowed and not verdict.explicit and not verdict.allowed else verdict

    def _needs(self, caller: Caller, request: ApiRequest) -> list[Need]:
        try:
            if finder := FINDERS.get(request.service):
                return list(finder(request, self._world))
        except NeedsUnknown:
            if not caller.root:
                raise
        if not caller.root:
            raise NeedsUnknown(request)
        return [Need(f"{request.service}:{request.operation or request.method}")]

    def _record(self, caller: Caller, request: ApiRequest, need: Need, resource: str, verdict: Verdict) -> None:
        self._calls.record(
            Call(
                at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                principal=caller.arn,
                role=caller.role,
                service=request.service,
                operation=request.operation,
                region=request.region,
                action=need.action,
                resource=resource,
                allowed=verdict.allowed,
                reason=verdict.reason,
            )
        )


def _context(caller: Caller, request: ApiRequest) -> dict[str, Any]:
    """Condition keys of every request. Transport counts as secure: on AWS there is no other, here there is no TLS."""
    return {
        "aws:CurrentTime": (datetime.now(UTC).isoformat(),),
        "aws:PrincipalAccount": (ACCOUNT,),
        "aws:PrincipalArn": (caller.arn,),
        "aws:RequestedRegion": (request.region,),
        "aws:ResourceAccount": (ACCOUNT,),
        "aws:SecureTransport": ("true",),
        **{f"aws:PrincipalTag/{key}": (value,) for key, value in caller.tags.items()},
        **({"aws:username": (caller.user,)} if caller.user else {}),
    }
