"""Clients of one AWS account. boto3 is an extra: it is imported here, when the first client is asked for."""

import os
from typing import Any

from benchfleet.exceptions import BenchfleetError, UsageError

MISSING = "this command needs the module {}: pip install 'benchfleet[aws]'"
_CONNECT_S, _READ_S, _ATTEMPTS = 10, 60, 5


class Aws:
    """`region` is where the control plane is. Credentials are those that boto3 finds: variables, profile, SSO, role."""

    def __init__(self, region: str | None = None, *, session: Any = None) -> None:
        """Raises BenchfleetError if boto3 is not installed, UsageError if nothing names a region or the profile is unknown."""
        self._session = session or _session()
        self.region: str = (
            region or os.environ.get("AWS_REGION") or self._session.region_name or ""
        )  # boto3 reads no AWS_REGION
        if not self.region:
            raise UsageError("no region: give --region REGION, or set AWS_REGION")
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, *, region: str | None = None) -> Any:
        """The same client each time. No network is touched here."""
        key = (service, region or self.region)
        if key not in self._clients:
            from botocore.config import Config

            config = Config(
                connect_timeout=_CONNECT_S,
                read_timeout=_READ_S,
                retries={"mode": "standard", "max_attempts": _ATTEMPTS},
            )
            self._clients[key] = self._session.client(service, region_name=key[1], config=config)
        return self._clients[key]

    def pages(self, service: str, operation: str, *, region: str | None = None, **arguments: Any) -> Any:
        """The pages of a listing."""
        return self.client(service, region=region).get_paginator(operation).paginate(**arguments)

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return str(self._session.get_partition_for_region(self.region))


def _session() -> Any:
    try:
        import boto3
        from botocore.exceptions import ProfileNotFound
    except ModuleNotFoundError as error:
        raise BenchfleetError(MISSING.format(error.name)) from error
    try:
        return boto3.session.Session()
    except ProfileNotFound as error:
        raise UsageError(f"AWS_PROFILE: {error}; `aws configure list-profiles` names those that are there") from error
