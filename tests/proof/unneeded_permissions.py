"""Permissions that no call of a rehearsal takes, each with the reason why it is given all the same.

Patterns of role (without `benchfleet-dev-`), action and resource.
"""

_LARGE = "only a run whose request or plan is too large for an item is kept in the bucket"
_MISSING = "S3 asks for it only where an object is missing, to say 404 and not 403"
_HOOK = "only schedules with a webhook have a signing secret; a webhook needs a public https address"
_LOST = "only where a message or a run was lost or abandoned, which no rehearsal waits for"

EXCEPTED: dict[tuple[str, str, str], str] = {
    ("*", "xray:*", "*"): "taken once a stage is traced, which is off in both",
    ("instance", "ssmmessages:*", "*"): "Session Manager's agent is on real instances only",
    ("instance", "ssm:UpdateInstanceInformation", "*"): "Session Manager's agent is on real instances only",
    ("task", "ssmmessages:*", "*"): "ECS Exec is used by a person only",
    ("*", "sqs:ChangeMessageVisibility", "*"): "Lambda takes it for a message that fails: none fails here",
    ("*", "sqs:GetQueueUrl", "*"): "once for each process and queue; who sends depends on the course of events",
    ("*", "dynamodb:BatchGetItem", "*"): "only where many items are looked at together, in larger runs",
    ("*", "s3:*Object", "*/plan.jsonl"): _LARGE,
    ("*", "s3:*Object", "*/run.json.z"): _LARGE,
    ("*", "s3:ListBucket", "*"): _MISSING,
    ("api_handler", "s3:GetObject", "*/summary.json"): "only who asks for a run's summary makes the API sign it",
    ("api_handler", "s3:GetObject", "*/results/*"): "only who asks for a single result makes the API sign it",
    ("schedules", "s3:GetObject", "*/summary.json"): "only a schedule that tells of regressions compares summaries",
    ("*", "ssm:*Parameter", "*/webhooks/*"): _HOOK,
    ("finalize", "s3:AbortMultipartUpload", "*"): "only an archive of several parts whose upload fails is given up",
    ("finalize", "sqs:SendMessage", "*"): "only a finalization too long for one function goes on in a second one",
    ("sweep", "sqs:SendMessage", "*-finalize"): _LOST,
    ("sweep", "dynamodb:BatchWriteItem", "*"): _LOST,
    ("scheduler", "sqs:SendMessage", "*-dlq"): "only what could not be delivered goes there",
    ("provision", "ec2:RunInstances", "*:spot-instances-request/*"): "the account records none for a spot instance",
    ("provision", "ecs:RunTask", "*-arm64:*"): "the image of the rehearsal may have this machine's processor only",
}
