"""What an upload was when its task ended, in one string: the archive takes nothing else for it.

`sha256:<hex>` as the runner said it; `etag:<ETag>` as the bucket said it of clients that do not say; `absent` where nothing lay
under the key.
"""

ABSENT = "absent"
_SHA256, _ETAG = "sha256:", "etag:"


def of_digest(sha256: str) -> str:
    return _SHA256 + sha256


def of_etag(etag: str | None) -> str:
    """`etag` None: there is no such object."""
    return ABSENT if etag is None else _ETAG + etag


def broken(seal: str | None, *, sha256: str, etag: str) -> str | None:
    """Why an object of this checksum (hex) and ETag is not what the task ended with; None if it is, or nobody knows."""
    if seal in (None, _SHA256 + sha256, _ETAG + etag):
        return None
    if seal == ABSENT:
        return "uploaded after the task had ended"
    if seal.startswith(_SHA256):
        return f"not what the task ended with: its SHA-256 is {sha256}, not {seal.removeprefix(_SHA256)}"
    return f"replaced after the task had ended: its ETag is {etag}, not {seal.removeprefix(_ETAG)}"
