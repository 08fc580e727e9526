"""The account's own way to its services: boto3, answered in this thread, so also where the lock is held."""

from collections.abc import Mapping
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials

from local_emulator.http_server import WsgiApp
from local_emulator.prepared import answered, environ_of
from local_emulator.sessions import new_session


class LocalClients:
    """boto3 clients whose requests `app` answers without a socket. `url` is where it is served."""

    def __init__(self, app: WsgiApp, *, url: str, credentials: Credentials) -> None:
        self._app = app
        self._url = url
        self._credentials = credentials
        self._made: dict[tuple[str, str, str], Any] = {}

    def __call__(self, service: str, region: str, credentials: Credentials | None = None) -> Any:
        """A client of the account's own credentials, or of those given."""
        who = credentials or self._credentials
        key = (service, region, who.access_key or "")
        return self._made.get(key) or self._made.setdefault(key, self._make(service, region, who))

    def _make(self, service: str, region: str, who: Credentials) -> Any:
        session = new_session(who, region=region)
        session.events.register_last("before-send", self._send)  # type: ignore[arg-type]  # what it returns is the response
        config = Config(proxies={}, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return session.client(service, endpoint_url=self._url, config=config)  # type: ignore[call-overload]

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return answered(request, lambda start: self._app(environ_of(request), start))


def tags_of(properties: Mapping[str, Any]) -> list[dict[str, str]]:
    """Tags of a template: values as texts."""
    return [{"Key": str(tag["Key"]), "Value": str(tag["Value"])} for tag in properties.get("Tags") or ()]
