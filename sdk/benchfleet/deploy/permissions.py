"""What a deploy asks of AWS: the list behind the check before it, and behind the policy of docs/deploy.md."""

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.refusals import refusals

# One of each service that a deploy changes, and those that are most often left out.
NEEDED = (
    "apigateway:POST", "apigateway:PUT", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet",
    "dynamodb:CreateTable", "ec2:CreateVpc", "ecr:CreateRepository", "ecr:PutImage", "ecs:CreateCluster",
    "events:PutRule", "events:PutTargets", "iam:CreateRole", "iam:CreateInstanceProfile", "iam:PassRole",
    "iam:PutRolePolicy", "lambda:AddPermission", "lambda:CreateEventSourceMapping", "lambda:CreateFunction",
    "lambda:UpdateFunctionCode", "logs:CreateLogGroup", "logs:PutRetentionPolicy", "s3:CreateBucket",
    "scheduler:CreateScheduleGroup", "sqs:CreateQueue", "ssm:PutParameter",
)  # fmt: skip
_ALLOWED = "allowed"


def lacking(aws: Aws, principal: str) -> list[str] | None:
    """The actions of NEEDED that IAM's simulator denies to the user or role; None if it may not be asked."""
    try:
        pages = aws.pages(
            "iam", "simulate_principal_policy", PolicySourceArn=principal, ActionNames=list(NEEDED), ResourceArns=["*"]
        )
        results = [result for page in pages for result in page["EvaluationResults"]]
    except refusals():
        return None
    return sorted({it["EvalActionName"] for it in results if it["EvalDecision"] != _ALLOWED})
