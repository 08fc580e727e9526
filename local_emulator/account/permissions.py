"""May a function's role read the source of an event source mapping? Lambda asks that when the mapping is made."""

from collections.abc import Callable
from typing import Any

from local_emulator.account.iam.authority import Authority, Denied
from local_emulator.account.iam.conditions import PolicyNotUnderstood
from local_emulator.account.iam.identities import caller_of_role
from local_emulator.account.iam.needs import Need
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.account.tables import AccountTables

QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
OF_ALL = ("dynamodb:ListStreams",)  # which has no resource of its own


def reading(
    authority: Authority, tables: AccountTables, queue_exists: Callable[[str], bool]
) -> Callable[[str, str], str | None]:
    """role's ARN, source's ARN → why it cannot be read, in Lambda's words, or None. The lock is held."""

    def why_not(role: str, source: str) -> str | None:
        if ":sqs:" in source:
            if not queue_exists(source):
                return f"Error occurred while ReceiveMessage. The specified queue {source} does not exist."
            return _why_not(authority, role, source, QUEUE)
        try:
            tables.of_stream(source)
        except LookupError:
            return f"Stream not found: {source}"
        return _why_not(authority, role, source, STREAM)

    return why_not


def _why_not(authority: Authority, role: str, source: str, actions: tuple[str, ...]) -> str | None:
    service = source.split(":")[2]
    request = ApiRequest(service, "CreateEventSourceMapping", source.split(":")[3], "POST", "/", "json")
    for action in actions:
        try:
            caller = caller_of_role(role, "lambda")
            authority.require_needs(caller, [Need(action, ("*" if action in OF_ALL else source,))], request)
        except (Denied, LookupError, PolicyNotUnderstood) as error:
            plain = action.partition(":")[2]
            return (
                f"The provided execution role does not have permissions to call {plain} on {service.upper()}: {error}"
            )
    return None


def queue_exists(arn: str) -> bool:
    from moto.backends import get_backend

    from local_emulator.config import ACCOUNT

    region, name = arn.split(":")[3], arn.split(":")[5]
    found: Any = get_backend("sqs")[ACCOUNT][region].queues.get(name)
    return found is not None
