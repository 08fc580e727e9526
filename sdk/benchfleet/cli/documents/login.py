"""What `benchfleet login --json` tells."""

from benchfleet.cli.documents.base import Document


class LoggedIn(Document):
    """The key itself is told nowhere. `may_create_runs` is False for keys that only run tasks or only read.

    It is None where the control plane is older than this client, and cannot tell.
    """

    profile: str
    file: str
    api_url: str
    default: bool
    may_create_runs: bool | None
