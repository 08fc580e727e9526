"""What this machine remembers of a stage that is gone."""

import shutil

from benchfleet.deploy.options import Folders
from benchfleet.deploy.progress import Progress
from benchfleet.profiles.writer import forget_profile


def forget(folders: Folders, progress: Progress, *, account: str, region: str, stage: str, api_url: str | None) -> None:
    """The profile with this address, the copy that Chalice worked on with its record, and a key that no profile has yet."""
    profile = f"aws-{stage}"
    if api_url and forget_profile(folders.profiles, profile, api_url=api_url):
        progress.note(f"profile {profile} is removed from {folders.profiles}")
    name = f"{account}-{region}-{stage}"
    shutil.rmtree(folders.cache / name, ignore_errors=True)
    (folders.state / f"{name}.key").unlink(missing_ok=True)
