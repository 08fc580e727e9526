"""Puts prices where the control plane of a stage reads them: one object of its bucket, replaced whole."""

import json

from benchfleet_results.prices.books import MAX_BYTES, PriceBooks, document, of_document

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.refusals import code_of, explained, refusals

KEY = "prices/aws.json"  # as chalicelib.archive.layout has it


def publish(aws: Aws, stage: str, prices: PriceBooks) -> str:
    """Returns the object's address. Raises DeployError where the stage has no stack, or AWS refuses."""
    data = json.dumps(document(prices.newest()), separators=(",", ":")).encode()
    of_document(json.loads(data))  # by the reader of the control plane
    if len(data) > MAX_BYTES:
        raise DeployError(
            f"the prices have {len(data)} bytes, and a control plane reads {MAX_BYTES}",
            remedy="update fewer types or regions into a file of its own ($BENCHFLEET_PRICES)",
        )
    bucket = _bucket(aws, stage)
    with explained(f"publishing prices to {bucket}"):
        aws.client("s3").put_object(Bucket=bucket, Key=KEY, Body=data, ContentType="application/json")
    return f"s3://{bucket}/{KEY}"


def _bucket(aws: Aws, stage: str) -> str:
    name = f"benchfleet-{stage}"
    nothing = DeployError(f"there is no stack {name} in {aws.region}", remedy=f"`benchfleet deploy --stage {stage}`")
    with explained(f"looking for the stack {name}"):
        try:
            stacks = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except refusals() as error:
            if code_of(error) == "ValidationError":
                raise nothing from error
            raise
    outputs = {each["OutputKey"]: each["OutputValue"] for stack in stacks for each in stack.get("Outputs", [])}
    if "BucketName" not in outputs:
        raise nothing
    return str(outputs["BucketName"])
