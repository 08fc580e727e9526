"""Signatures of webhooks, as https://www.standardwebhooks.com has them: libraries in many languages check them. Pure.

Signed is `<id>.<timestamp>.<body>`, the very bytes that are sent, by HMAC-SHA256; who checks it refuses an old timestamp.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

PREFIX = "whsec_"


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(secret: str, *, delivery_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": signature(secret, delivery_id=delivery_id, timestamp_s=timestamp_s, body=body),
    }


def signature(secret: str, *, delivery_id: str, timestamp_s: int, body: bytes) -> str:
    signed = f"{delivery_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    """A secret that is no base64 behind its prefix is taken as it stands."""
    text = secret.strip()
    if text.startswith(PREFIX):
        try:
            return base64.b64decode(text.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return text.encode()
