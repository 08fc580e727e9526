"""moto's own objects: the one module that knows their insides. Callers hold the endpoint's lock, save before serving.

Used where the API would cost too much (at start: the first call of each service loads its models) or cannot say what
is needed. Everything else talks to the emulated AWS as to AWS.
"""

import sys
from typing import Any

from moto.backends import get_backend
from moto.core.base_backend import AccountSpecificBackend

from local_emulator.config import ACCOUNT, REGION

SERVICES = ("s3", "sqs", "scheduler")
LATE = ("ec2", "ecs", "ssm", "iam", "ecr", "logs")  # loaded when a machine is asked for


def backend(service: str) -> Any:
    return get_backend(service)[ACCOUNT]["aws" if service == "s3" else REGION]


def descriptions() -> Any:
    """The loader of botocore's descriptions of AWS that moto's session has, with what it has read: moto asks for all regions."""
    return AccountSpecificBackend.get_session()._session.get_component("data_loader")


def forget_everything() -> None:
    """Empty moto's state of this process."""
    loaded = [service for service in LATE if f"moto.{service}.models" in sys.modules]
    for service in (*SERVICES, *loaded):
        get_backend(service).reset()


def create_bucket(name: str) -> None:
    backend("s3").create_bucket(name, REGION)


def create_queue(name: str, **attributes: Any) -> str:
    """The queue's ARN. Attributes are SQS's."""
    return str(backend("sqs").create_queue(name, **attributes).queue_arn)


def holds_messages(queue: str) -> bool:
    """Also such as nobody may see just now."""
    return bool(backend("sqs").queues[queue]._messages)


def holds_schedules() -> bool:
    return any(group.schedules for group in backend("scheduler").schedule_groups.values())


def create_schedule_group(name: str) -> None:
    backend("scheduler").create_schedule_group(name, [])
