"""The environment that the Lambdas see, put into this process and taken out again."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.credentials import Credentials

from local_emulator.config import REGION, EmulatorConfig
from local_emulator.sessions import new_session

# A real account must stay out of reach, whatever the developer's shell says.
# What a person may set for the registry reaches the functions as it stands.
REGISTRY = (
    "SUBSCRIBE_ANNOUNCEMENTS", "STALE_TIMEOUT", "REMOVAL_TIMEOUT", "MAX_EXECUTORS", "MAX_MODELS_PER_EXECUTOR",
)  # fmt: skip
DISTRACTIONS = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")


def lambda_environment(
    config: EmulatorConfig, *, aws_url: str, stream_arn: str | None, who: Credentials
) -> dict[str, str]:
    past_proxies = _past_proxies(config)
    return {
        **{name: os.environ[name] for name in REGISTRY if os.environ.get(name)},
        "BENCHFLEET_TABLE": config.name,
        "BENCHFLEET_BUCKET": config.name,
        "BENCHFLEET_FINALIZE_QUEUE": f"{config.name}-finalize",
        "BENCHFLEET_KEYS_PARAMETER": f"/{config.name}/keys",
        "BENCHFLEET_PLACES_PARAMETER": f"/{config.name}/places",
        "BENCHFLEET_PROVISION_QUEUE": f"{config.name}-provision",
        "BENCHFLEET_STAGE": config.name.removeprefix("benchfleet-"),
        "BENCHFLEET_SCHEDULE_GROUP": config.name,
        "BENCHFLEET_STREAM_ARN": stream_arn or "",
        "PUBLIC_READ": "true" if config.public_read else "false",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": who.access_key or "",
        "AWS_SECRET_ACCESS_KEY": who.secret_key or "",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": past_proxies,
        "no_proxy": past_proxies,  # where both are set, this one counts
    }


def _past_proxies(config: EmulatorConfig) -> str:
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    ours = [host for host in (config.host, config.aws_host) if host]
    return ",".join(filter(None, (known, *ours, *(f"[{host}]" for host in ours if ":" in host))))


@contextmanager
def applied(variables: Mapping[str, str], *, wire: Callable[[Any], None] = lambda events: None) -> Iterator[None]:
    """os.environ with `variables` and without what could lead boto3 elsewhere; as before when the block ends.

    `wire` gets the events of boto3's default session, which the Lambdas' clients are made from meanwhile.
    """
    before = dict(os.environ)
    for name in [name for name in before if name in DISTRACTIONS or name.startswith("AWS_ENDPOINT_URL")]:
        del os.environ[name]
    os.environ.update(variables)
    before_session = boto3.DEFAULT_SESSION  # it remembers the credentials of before
    boto3.DEFAULT_SESSION = session = new_session()
    wire(session.events)
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = before_session
        os.environ.clear()
        os.environ.update(before)
