"""AWS Bedrock's ConverseStream: boto3's credentials, signatures and event stream, httpx's connections.

The only module of the runner that knows of boto3, which is imported with the first task that needs it. boto3 does not send the
requests: it would read in a thread for each, and has decoded a frame before one could say when it came.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from runner_image.errors import TaskError
from runner_image.workloads.llm.client.answer import Answer, Json, ProviderError, together
from runner_image.workloads.llm.client.dialect import Ask, Call, given

REGION = "us-east-1"
_THROTTLED = {"throttlingException", "serviceUnavailableException"}


@dataclass(frozen=True)
class Converse:
    """Option `region`. The key, if one is declared, is a Bedrock API key; without one boto3 finds credentials its own way."""

    framing: Literal["eventstream"] = "eventstream"

    def call(self, ask: Ask) -> Call:
        parameters = ask.parameters
        config = given(
            temperature=parameters.temperature,
            topP=parameters.top_p,
            maxTokens=parameters.max_tokens,
            stopSequences=parameters.stop,
        )
        body: Json = {"messages": [{"role": "user", "content": [{"text": ask.prompt}]}], **parameters.extra}
        own = parameters.extra.get("inferenceConfig")
        body |= {"inferenceConfig": {**(own if isinstance(own, dict) else {}), **config}} if config else {}
        body |= {"system": [{"text": ask.system}]} if ask.system else {}
        region = str(ask.options.get("region") or os.environ.get("AWS_REGION") or REGION)
        url = f"{ask.base_url.replace('{region}', region)}/model/{quote(ask.model, safe='')}/converse-stream"
        content = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **ask.headers}
        return Call(url, {**headers, **(ask.bearer() or _signature(url, headers, content, region))}, content)

    def read(self, event: str, data: str, answer: Answer) -> bool:
        chunk = json.loads(data)
        if event.endswith("Exception"):
            kind: Any = "rate_limited" if event in _THROTTLED else "server"
            raise ProviderError(kind, str(chunk.get("message") or event), again=event != "validationException")
        if event == "contentBlockDelta":
            return self._piece(chunk["delta"], answer)
        if event == "messageStop":
            answer.ended(chunk["stopReason"])
        elif event == "metadata":
            self._usage(chunk.get("usage") or {}, answer)
            answer.over = answer.complete
        return False

    def _piece(self, delta: Json, answer: Answer) -> bool:
        return answer.said(delta.get("text")) or bool(delta.get("reasoningContent") or delta.get("toolUse"))

    def _usage(self, usage: Json, answer: Answer) -> None:
        """`inputTokens` leave out what a cache had or got: all are summed here."""
        cached = usage.get("cacheReadInputTokens")
        prompt = together(usage.get("inputTokens"), cached, usage.get("cacheWriteInputTokens"))
        answer.counted(prompt, usage.get("outputTokens"), cached=cached)


def frames() -> Callable[[bytes], Iterator[tuple[str, str]]]:
    """A decoder of one stream: bytes in, (event, payload) out. Raises ProviderError for what is no frame."""
    from botocore.eventstream import EventStreamBuffer, ParserError

    buffer = EventStreamBuffer()

    def decode(content: bytes) -> Iterator[tuple[str, str]]:
        buffer.add_data(content)
        try:
            for frame in buffer:
                headers: Any = frame.headers
                name = headers.get(":event-type") or headers.get(":exception-type") or headers.get(":error-code") or ""
                yield str(name), frame.payload.decode()
        except ParserError as error:
            raise ProviderError("malformed", f"no frame of an event stream: {error}") from None

    return decode


def _signature(url: str, headers: dict[str, str], content: bytes, region: str) -> dict[str, str]:
    try:
        import boto3
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
    except ImportError:
        message = "Bedrock needs boto3, which this runner has not: pip install 'benchfleet[aws]'"
        raise TaskError(message, error_type="missing_tool") from None
    credentials = boto3.Session().get_credentials()
    if credentials is None:
        message = "This runner has no credentials of AWS: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role"
        raise TaskError(message, error_type="missing_credentials")
    request = AWSRequest("POST", url, headers=headers, data=content)
    SigV4Auth(credentials.get_frozen_credentials(), "bedrock", region).add_auth(request)
    return {name: str(value) for name, value in request.headers.items() if name not in headers}


def secret(name: str) -> str:
    """The text of a secret in Secrets Manager, by name or ARN. Raises TaskError where it cannot be read."""
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        message = f"The secret {name!r} needs boto3, which this runner has not: pip install 'benchfleet[aws]'"
        raise TaskError(message, error_type="missing_tool") from None
    try:
        client: Any = boto3.client  # the stubs know few services
        return str(client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])
    except (BotoCoreError, ClientError, KeyError) as error:
        message = f"The secret {name!r} cannot be read ({type(error).__name__}): give this runner's role the right to"
        raise TaskError(message, error_type="missing_credentials") from None
