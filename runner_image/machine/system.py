"""Where this machine's facts are read."""

from dataclasses import dataclass
from pathlib import Path

METADATA_URL = "http://169.254.169.254"


@dataclass(frozen=True)
class System:
    """Where to look; tests look elsewhere."""

    root: Path = Path("/")
    metadata_url: str = METADATA_URL

    def read(self, path: str) -> str | None:
        """The text of a file below `root`, stripped; None where it cannot be read or is empty."""
        try:
            return (self.root / path).read_text(errors="replace").strip() or None
        except OSError:
            return None

    def number(self, path: str) -> float | None:
        """A file that holds one number; None for anything else."""
        try:
            return float(self.read(path) or "")
        except ValueError:
            return None
