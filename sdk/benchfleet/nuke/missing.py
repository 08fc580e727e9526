"""Requests about what may be gone already: a nuke is repeated, and others delete, too."""

import re
from collections.abc import Callable
from typing import TypeVar

from benchfleet.deploy.refusals import code_of

T = TypeVar("T")
# NoSuchEntity, ResourceNotFoundException, AWS.SimpleQueueService.NonExistentQueue, InvalidVpcID.NotFound, 404 …
_GONE = re.compile(r"NotFound|NoSuch|NonExistent|DoesNotExist|NotExist|^404$", re.IGNORECASE)
# CloudFormation's ValidationError, ECS's ClientException
_GONE_IN_WORDS = re.compile(r"does not exist|Unable to describe task definition")


def unless_gone(call: Callable[[], T]) -> T | None:
    """What `call` returns; None if AWS says that there is no such thing."""
    from botocore.exceptions import ClientError

    try:
        return call()
    except ClientError as error:
        if not (_GONE.search(code_of(error)) or _GONE_IN_WORDS.search(str(error))):
            raise
        return None
