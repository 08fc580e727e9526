"""What ECS tells of a task, as a machine of ours, and what it says where there is none. Pure; states, stop codes and reasons of
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html.
"""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.launches import LaunchFailed, Machine, MachineState, Tagged
from chalicelib.provisioning import tags as names
from chalicelib.provisioning.failures import MAX_WORDS, Rule

STATES: dict[str, MachineState] = {
    "PROVISIONING": "starting",
    "PENDING": "starting",
    "ACTIVATING": "starting",
    "RUNNING": "running",
    "DEACTIVATING": "ending",
    "STOPPING": "ending",
    "DEPROVISIONING": "ending",
    "STOPPED": "ended",
}
_SPOT = "FARGATE_SPOT"
_ORDERED = frozenset({"UserInitiated", "ServiceSchedulerInitiated"})
_IMAGE = Rule("image", "the image cannot be pulled", "look whether the image is in the registry, for this architecture")
_KEY = Rule("permission", "the role of the task may not read the key or the registry", "run `benchfleet deploy` again")
_WAY = Rule(
    "network", "the task reaches AWS not", "look whether the subnets have a way out; run `benchfleet deploy` again"
)
_NO_ROOM = Rule("capacity", "there is no capacity", "wait, name more regions, another size or the other market")
_QUOTA = Rule("quota", "a quota of Fargate is used up", "ask for more in Service Quotas (AWS Fargate)")
_MEMORY = Rule("invalid", "the task needs more memory than its size has", "take a size with more memory")
_TAKEN = Rule(
    "interrupted", "AWS took the task's machine back", "nothing: another machine takes its tasks while the run goes on"
)
_GONE = Rule("invalid", "what the stage has deployed is not there any more", "run `benchfleet deploy` again")
_START = Rule("unknown", "the task did not start", "look at the reason; bring another machine")
_EXIT = Rule("unknown", "the runner ended with a fault", "look at its log: `benchfleet logs`")

# In this order: the first that fits a reason counts.
_REASONS: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(r"CannotPull|ImageManifestError|pull image|image .*(?:not found|Manifest)", re.I), _IMAGE),
    (re.compile(r"AccessDenied|not authorized|unable to (?:pull secrets|retrieve secret).*denied", re.I), _KEY),
    (re.compile(r"unable to (?:pull secrets|retrieve)|i/o timeout|context deadline|RequestCanceled", re.I), _WAY),
    (re.compile(r"network interface provisioning|RESOURCE:ENI|Network\w*Error", re.I), _WAY),
    (re.compile(r"OutOfMemory", re.I), _MEMORY),
    (re.compile(r"spot (?:task )?(?:was )?interrupt|SpotInterruption|TerminationNotice", re.I), _TAKEN),
    (re.compile(r"capacity is unavailable|RESOURCE:|^AGENT|InsufficientInstanceCapacity|no capacity", re.I), _NO_ROOM),
    (re.compile(r"limit on the number of|quota", re.I), _QUOTA),
    (re.compile(r"^(?:MISSING|INACTIVE)", re.I), _GONE),
)


def machine(task: Mapping[str, Any], *, region: str) -> Machine:
    state = STATES.get(task["lastStatus"], "ending")
    over = state in ("ending", "ended")
    return Machine(
        resource_id=task["taskArn"],
        region=region,
        zone=task.get("availabilityZone"),
        state=state,
        reason=_reason(task) or None if over else None,
        market="spot" if task.get("capacityProviderName") == _SPOT else "on-demand",
        failure=_failure(task) if over else None,
    )


def tagged(task: Mapping[str, Any], *, region: str) -> Tagged:
    tags = {tag["key"]: tag["value"] for tag in task.get("tags", [])}
    return Tagged(
        resource_id=task["taskArn"],
        region=region,
        run_id=tags.get(names.RUN),
        name=tags.get(names.LAUNCH),
        expires_ms=names.expires_ms(tags),
    )


def refused(failures: list[Mapping[str, Any]], *, where: str) -> LaunchFailed:
    """What RunTask's `failures` mean: it answered 200, and started nothing."""
    first = failures[0] if failures else {}
    return _failed(" ".join(str(first[name]) for name in ("reason", "detail") if first.get(name)), _START, where=where)


def _failure(task: Mapping[str, Any]) -> LaunchFailed | None:
    """None for an end that somebody ordered, or that the runner made when nothing was left to do."""
    code = task.get("stopCode")
    if code in _ORDERED or code is None:
        return None
    exits = [container.get("exitCode") for container in task.get("containers", [])]
    if code == "EssentialContainerExited":
        return None if exits and not any(exits) else _failed(_reason(task), _EXIT, where="ECS stopped the task")
    return _failed(f"{_reason(task)} ({code})", _START, where="ECS stopped the task")


def _reason(task: Mapping[str, Any]) -> str:
    """The task's, and that of each container that has one: only there is what a container died of."""
    reasons = [task.get("stoppedReason")]
    for container in task.get("containers", []):
        reasons.append(container.get("reason"))
        if container.get("exitCode"):
            reasons.append(f"exit code {container['exitCode']}")
    return "; ".join(reason for reason in reasons if reason)


def _failed(reason: str, otherwise: Rule, *, where: str) -> LaunchFailed:
    rule = next((rule for pattern, rule in _REASONS if pattern.search(reason)), otherwise)
    return LaunchFailed(rule.code, f"{where}: {rule.words} ({reason or 'no reason given'})"[:MAX_WORDS], rule.remedy)
