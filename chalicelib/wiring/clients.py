"""Clients of AWS."""

from typing import Any


def client(name: str, *, region: str | None = None) -> Any:
    """Of our own region where none is named.

    Few attempts and short timeouts: what stays busy is told to the caller, who knows how long it may wait.
    """
    import boto3
    from botocore.config import Config

    from chalicelib.archive.s3 import USER_AGENT

    retries: Any = {"mode": "standard", "max_attempts": 3}
    config = Config(retries=retries, connect_timeout=3, read_timeout=10, max_pool_connections=64, user_agent=USER_AGENT)
    connect: Any = boto3.client
    return connect(name, config=config, region_name=region)
