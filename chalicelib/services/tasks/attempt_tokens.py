"""Tokens that speak for one attempt at one task, and for nothing else: signed, so that nobody has to store them.

A token reads `attempt-<attempt>-<signature>`. The signature covers the task's id and the attempt, so a token is bound to run,
task and attempt; the attempt is the fence of every write on a task, so a token ends with its lease.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

_PURPOSE = b"benchfleet attempt token 1"
_TOKEN = re.compile(r"attempt-([1-9][0-9]{0,5})-[A-Za-z0-9_-]{43}")


def sign(secret: str, task_id: str, attempt: int) -> str:
    """The token of this attempt. HMAC-SHA256 (RFC 2104) under a key derived from `secret`; 43 characters of base64url."""
    key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
    signature = hmac.digest(key, f"{task_id} {attempt}".encode(), hashlib.sha256)
    return f"attempt-{attempt}-{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def attempt_of(token: str, task_id: str, secrets: Iterable[str]) -> int | None:
    """The attempt that the token speaks for, if any of the secrets signed it for this task; else None."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    attempt = int(found[1])
    signed = [sign(secret, task_id, attempt) for secret in secrets]
    return attempt if any([hmac.compare_digest(token, each) for each in signed]) else None
