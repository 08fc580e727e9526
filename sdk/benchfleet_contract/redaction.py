"""Keeps a secret out of messages, whatever somebody else put into them."""

import base64
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

PUT_INSTEAD = "[key]"
_SHORTEST_CUT = 12  # characters of a key that tell something of it, where a server cut it
_SIGNED = re.compile(r"(?i)\b(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s\"'<>]+")


def redacted(text: str, secret: str | None) -> str:
    """The text without the secret: as it is, in any case, URL-encoded, in base64, or a longer part of it.

    Signatures of presigned URLs go too: they are keys of a kind.
    """
    text = _SIGNED.sub(rf"\1{PUT_INSTEAD}", text)
    if not secret:
        return text
    for form in sorted(set(_forms(secret)), key=len, reverse=True):
        text = re.sub(re.escape(form), PUT_INSTEAD, text, flags=re.IGNORECASE)
    return _without_parts(text, secret)


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""), quote_plus(secret))
    for plain in (secret, f"Bearer {secret}", f":{secret}"):
        encoded = base64.b64encode(plain.encode()).decode()
        yield from (encoded, encoded.rstrip("="), base64.urlsafe_b64encode(plain.encode()).decode())


def _without_parts(text: str, secret: str) -> str:
    """Takes out what is left of a key that was cut."""
    lower = secret.lower()
    starts = range(len(lower) - _SHORTEST_CUT + 1)
    parts = {lower[at : at + _SHORTEST_CUT] for at in starts}
    found, at = text.lower(), 0
    out: list[str] = []
    while at < len(text):
        end = at
        while found[end : end + _SHORTEST_CUT] in parts:
            end += 1
        if end == at:
            out.append(text[at])
            at += 1
        else:
            out.append(PUT_INSTEAD)
            at = end + _SHORTEST_CUT - 1
    return "".join(out)
