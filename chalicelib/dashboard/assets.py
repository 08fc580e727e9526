"""The dashboard's static files. What may be asked for is what the folder held when the container started."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("assets")
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}


@dataclass(frozen=True)
class Asset:
    """`etag` is quoted, as it stands in the header."""

    body: str
    content_type: str
    etag: str


@cache
def assets() -> Mapping[str, Asset]:
    """File name → asset. A name is looked up here and never joined to a path."""
    return {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in TYPES}


@cache
def version() -> str:
    """Names the content of all files at once: scripts import each other by relative URLs, which so carry it along."""
    whole = "\n".join(f"{name} {asset.etag}" for name, asset in assets().items())
    return _digest(whole)


def scripts() -> list[str]:
    return [name for name in assets() if name.endswith(".js")]


def _read(path: Path) -> Asset:
    body = path.read_text(encoding="utf-8")
    return Asset(body, TYPES[path.suffix], f'"{_digest(body)}"')


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
