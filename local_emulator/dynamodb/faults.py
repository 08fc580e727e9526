"""The errors of DynamoDB: their codes, and the words that people search for."""

from typing import Any


class Fault(Exception):
    """What DynamoDB answers instead of a result. `more` are further members of the answer, such as `Item`."""

    def __init__(self, code: str, message: str, *, status: int = 400, more: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.more = more or {}


def invalid(message: str) -> Fault:
    return Fault("ValidationException", message)


def invalid_parameter(message: str) -> Fault:
    """Of a value that makes no sense whatever the table looks like."""
    return invalid(f"One or more parameter values were invalid: {message}")


def not_found(message: str = "Requested resource not found") -> Fault:
    return Fault("ResourceNotFoundException", message)


def condition_failed(old_item: dict[str, Any] | None) -> Fault:
    """`old_item` is what stands there, where it was asked for."""
    more = {"Item": old_item} if old_item else {}
    return Fault("ConditionalCheckFailedException", "The conditional request failed", more=more)
