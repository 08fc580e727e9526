"""Permissions that no call of a rehearsal takes, each with the reason why it is given all the same.

Patterns of role (without `benchfleet-dev-`), action and resource.
"""

EXCEPTED: dict[tuple[str, str, str], str] = {
    ("*", "xray:*", "*"): "taken once a stage is traced, which is off in both",
    ("instance", "ssmmessages:*", "*"): "Session Manager's agent is on real instances only",
    ("instance", "ssm:UpdateInstanceInformation", "*"): "Session Manager's agent is on real instances only",
    ("task", "ssmmessages:*", "*"): "ECS Exec is used by a person only",
    ("*", "sqs:ChangeMessageVisibility", "*"): "a message that fails comes again later: no message fails here",
    ("*", "sqs:GetQueueUrl", "*"): "asked for once by a process, which may have been told by another action's client",
}
