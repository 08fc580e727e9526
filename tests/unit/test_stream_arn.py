"""What `chalice` would write a broken event source with is refused, with what to do; importing the app needs nothing."""

import pytest

from chalicelib.stream_arn import StreamArnUnusable, stream_arn
from tests.each_case import each_case

CHALICE = {"AWS_CHALICE_CLI_MODE": "true"}
ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/benchfleet-dev/stream/2026-11-29T01:00:00.000"
TERRAFORM = '${aws_cloudformation_stack.benchfleet.outputs["StreamArn"]}'


@each_case("arn", [ARN, ARN.replace("arn:aws:", "arn:aws-us-gov:"), "${StreamArn}", TERRAFORM])
def test_a_stream_or_what_a_tool_fills_in_is_taken(arn: str) -> None:
    assert stream_arn({**CHALICE, "BENCHFLEET_STREAM_ARN": arn}) == arn


@each_case("arn", ["", "None", ARN.partition("/stream")[0], "arn:aws:kinesis:eu-central-1:1:stream/x", "${}"])
def test_anything_else_ends_chalice_with_the_remedy(arn: str) -> None:
    with pytest.raises(StreamArnUnusable) as refused:
        stream_arn({**CHALICE, "BENCHFLEET_STREAM_ARN": arn})
    words = str(refused.value)
    assert words.startswith(f"BENCHFLEET_STREAM_ARN is {arn!r}" if arn else "BENCHFLEET_STREAM_ARN is not set: ")
    assert "export the output StreamArn of the stack" in words


def test_not_set_is_refused_as_well() -> None:
    with pytest.raises(StreamArnUnusable, match="BENCHFLEET_STREAM_ARN is not set"):
        stream_arn(CHALICE)


@each_case("environment", [{}, {"BENCHFLEET_STREAM_ARN": ""}, {"BENCHFLEET_STREAM_ARN": "any"}])
def test_where_nothing_is_deployed_nothing_is_refused(environment: dict[str, str]) -> None:
    assert stream_arn(environment) == environment.get("BENCHFLEET_STREAM_ARN", "")
