"""The `aws` command of a machine: services, operations and options are botocore's, so a wrong one is refused as by AWS CLI 2.

Exit codes are its own: 0, 252 for a wrong command line, 254 for an error of the service. Done in the emulator's process,
with the identity of the machine's role: no credentials are handed to the machine.
"""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError, UnknownServiceError

USAGE, SERVICE, GENERAL = 252, 254, 255
GLOBAL = frozenset({"--region", "--output", "--query", "--cli-connect-timeout", "--cli-read-timeout", "--color"})
GLOBAL_PLAIN = frozenset({"--no-cli-pager", "--no-paginate", "--no-cli-auto-prompt"})
OUTPUTS = ("json", "text")
Clients = Callable[[str, str | None], Any]  # service, region → boto3 client of the machine's role


@dataclass(frozen=True)
class Said:
    code: int
    out: str = ""
    err: str = ""


class _Usage(Exception):
    """A wrong command line."""


def run_aws(arguments: list[str], clients: Clients) -> Said:
    try:
        words, settings = _split(arguments)
        if len(words) < 2:
            raise _Usage("the following arguments are required: command, subcommand")
        return Said(0, _printed(_call(words[0], words[1], words[2:], settings, clients), settings))
    except _Usage as wrong:
        hint = "usage: aws [options] <command> <subcommand> [parameters]\n"
        return Said(USAGE, err=f"\n{hint}\naws: [ERROR]: {wrong}\n")
    except ClientError as error:
        return Said(SERVICE, err=f"\naws: [ERROR]: {error}\n")
    except BotoCoreError as error:
        return Said(GENERAL, err=f"\naws: [ERROR]: {error}\n")


def _call(service: str, operation: str, words: list[str], settings: Mapping[str, str], clients: Clients) -> Any:
    try:
        client = clients(service, settings.get("--region"))
    except UnknownServiceError as error:
        raise _Usage(f"argument command: Found invalid choice '{service}'") from error
    if (service, operation) == ("ecr", "get-login-password"):
        _parameters(None, words)
        token = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        return b64decode(token).decode().partition(":")[2]
    names = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
    if operation not in names:
        raise _Usage(f"argument operation: Found invalid choice '{operation}'")
    shape = client.meta.service_model.operation_model(names[operation]).input_shape
    try:
        reply = getattr(client, xform_name(names[operation]))(**_parameters(shape, words))
    except ParamValidationError as error:
        raise _Usage(str(error)) from error
    return {name: value for name, value in reply.items() if name != "ResponseMetadata"}


def _split(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """The words of the service, and the options that every command has. Raises _Usage."""
    words: list[str] = []
    settings: dict[str, str] = {}
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in GLOBAL:
            settings[name] = value if equals else _value_of(name, rest)
        elif word not in GLOBAL_PLAIN:
            words.append(word)
    if settings.get("--output", "json") not in OUTPUTS:
        raise _Usage(f"argument --output: Found invalid choice '{settings['--output']}'")
    return words, settings


def _parameters(shape: Any, words: list[str]) -> dict[str, Any]:
    members = {xform_name(name, "-"): (name, member) for name, member in (shape.members if shape else {}).items()}
    found: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        plain = option.removeprefix("--")
        negated = plain.startswith("no-") and plain[3:] in members
        name, member = members.get(plain[3:] if negated else plain, (None, None))
        if not option.startswith("--") or name is None or member is None:
            raise _Usage(f"Unknown options: {word}")
        if member.type_name == "boolean":
            found[name] = not negated
        else:
            found[name] = _typed(member, value if equals else _value_of(option, rest))
    return found


def _typed(member: Any, text: str) -> Any:
    """Raises _Usage."""
    if member.type_name in ("structure", "map", "list"):
        if text.lstrip()[:1] not in ("{", "["):
            return [text] if member.type_name == "list" else _shorthand(text)
        try:
            return json.loads(text)
        except ValueError as error:
            raise _Usage(f"Error parsing parameter: Invalid JSON: {error}") from error
    if member.type_name in ("integer", "long"):
        if not re.fullmatch(r"-?\d+", text):
            raise _Usage(f"invalid literal for int() with base 10: '{text}'")
        return int(text)
    return text


def _shorthand(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise _Usage(f"Error parsing parameter: Expected: '=', received: 'EOF' for input: {text}")
    return {name: value for name, _, value in pairs}


def _value_of(option: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None or value.startswith("--"):
        raise _Usage(f"argument {option}: expected one argument")
    return value


def _printed(reply: Any, settings: Mapping[str, str]) -> str:
    if isinstance(reply, str):
        return f"{reply}\n"
    try:
        chosen = jmespath.search(settings["--query"], reply) if "--query" in settings else reply
    except jmespath.exceptions.JMESPathError as error:
        raise _Usage(f"Bad value for --query {settings['--query']}: {error}") from error
    if settings.get("--output") == "text":
        return f"{_text(chosen)}\n"
    return json.dumps(chosen, indent=4, default=str) + "\n"


def _text(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, list):
        return "\t".join(_text(each) for each in value)
    if isinstance(value, Mapping):
        return "\t".join(_text(value[name]) for name in sorted(value))
    return str(value)
