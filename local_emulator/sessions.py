"""boto3 sessions that do not read again what botocore knows of AWS: megabytes of JSON, more work than making a few clients."""

import boto3
import botocore.session
from botocore.credentials import Credentials

from local_emulator import backends


def new_session(credentials: Credentials | None = None, *, region: str | None = None) -> boto3.Session:
    """Without credentials or a region it takes those of the environment, as every session does."""
    core = botocore.session.get_session()
    loader = backends.descriptions()
    core.register_component("data_loader", loader)
    if credentials:
        core.set_credentials(credentials.access_key, credentials.secret_key, credentials.token)
    made = boto3.Session(region_name=region, botocore_session=core)
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)  # each session adds boto3's own folder
    return made
