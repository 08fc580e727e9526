"""What a person may set for an executor. Each has a variable of the environment, which `executor_command` reads."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchfleet_contract.registry import limits

DEFAULT_ADDRESS, DEFAULT_PORT = "127.0.0.1:8080", 8081
DISCOVERY_INTERVAL_S, DRAIN_TIMEOUT_S = 60.0, 20.0
MAX_CONCURRENT = 10  # of a model host; a runner has its slots


@dataclass(frozen=True)
class Settings:
    """Times in seconds. `executor_id` None: one that is kept in the cache folder. `endpoint` is what clients are told."""

    validator_url: str
    api_key: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    announce: bool = True
    heartbeat_interval_s: float = limits.DEFAULT_INTERVAL_S
    config_file: Path | None = None
    log_level: str = "info"
    discovery_interval_s: float = DISCOVERY_INTERVAL_S
    drain_timeout_s: float = DRAIN_TIMEOUT_S
    stuck_after_s: float = limits.STUCK_AFTER_S
    executor_id: str | None = None
    max_concurrent: int | None = None  # of the file, or ten
    endpoint: str | None = None
    as_json: bool = False


def validator_url(address: str) -> str:
    """`host:port` is a URL, too. Raises ValueError."""
    url = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{address!r} is neither host:port nor an http(s) URL")
    return url
