"""Whom a client believes by TLS. Loading all the authorities costs 40 ms and more of CPU, as much as half of httpx.

Most clients on one machine speak plain HTTP and never need them, so they are loaded with the first connection that does.
"""

import os
import ssl
from collections.abc import Mapping
from typing import Any


def authorities(environment: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """For `verify` of an httpx client: believes those whom httpx believes. Loads none before they are needed."""
    return _Late(environment)


class _Late(ssl.SSLContext):
    """`PROTOCOL_TLS_CLIENT`, as `ssl.create_default_context` has it: the certificate is required and the name checked."""

    def __new__(cls, environment: Mapping[str, str]) -> "_Late":
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment, self._loaded = environment, False

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        self._load()
        return super().wrap_socket(*args, **options)

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        self._load()
        return super().wrap_bio(*args, **options)

    def _load(self) -> None:
        if self._loaded:
            return
        if file := self._environment.get("SSL_CERT_FILE"):
            self.load_verify_locations(cafile=file)
        elif folder := self._environment.get("SSL_CERT_DIR"):
            self.load_verify_locations(capath=folder)
        else:
            import certifi  # httpx brings it

            self.load_verify_locations(cafile=certifi.where())
        self._loaded = True
