"""dynalite, a DynamoDB by other authors on LevelDB (npm, Apache-2.0): what it says beside moto and ours.

It is fetched by npm, once, into `build/dynalite`, in the versions and with the digests of `dynalite/package-lock.json`.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.store.schema import table_definition
from chalicelib.store.table import Table

SOURCES = Path(__file__).parent / "dynalite"
BUILD = Path(__file__).parents[2] / "build" / "dynalite"
FETCH_S, TABLE_S = 120, 10
REGION = "ap-south-1"


class Unavailable(Exception):
    """Why dynalite cannot be asked here."""


@contextmanager
def dynalite() -> Iterator[Any]:
    """A boto3 client. Raises Unavailable."""
    _fetch()
    pipe = subprocess.PIPE
    with subprocess.Popen(["node", "serve.js"], cwd=BUILD, stdin=pipe, stdout=pipe, text=True) as server:
        try:
            assert server.stdout
            port = server.stdout.readline().strip()
            if not port:
                raise Unavailable("dynalite ended at its start")
            yield _client(f"http://127.0.0.1:{port}")
        finally:
            server.communicate()


def new_table(client: Any, name: str) -> Table:
    """An empty table."""
    create(client, table_definition(name))
    return Table(client, name)


def create(client: Any, definition: dict[str, Any]) -> None:
    """Returns once the table can be written to."""
    client.create_table(**definition)
    deadline = time.monotonic() + TABLE_S
    while client.describe_table(TableName=definition["TableName"])["Table"]["TableStatus"] != "ACTIVE":
        assert time.monotonic() < deadline, f"table {definition['TableName']} is not active after {TABLE_S} s"
        time.sleep(0.002)


def _fetch() -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        raise Unavailable("dynalite needs node and npm: on Debian and Ubuntu, apt-get install nodejs npm")
    BUILD.mkdir(parents=True, exist_ok=True)
    for source in SOURCES.iterdir():
        shutil.copy(source, BUILD)
    if (BUILD / "node_modules" / "dynalite").is_dir():
        return
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=BUILD, check=True, timeout=FETCH_S, capture_output=True, text=True)
    except subprocess.CalledProcessError as failure:
        raise Unavailable(f"npm could not fetch dynalite: {failure.stderr.strip()[-200:]}") from failure
    except subprocess.TimeoutExpired as failure:
        raise Unavailable(f"npm could not fetch dynalite within {FETCH_S} s") from failure


def _client(url: str) -> Any:
    session = boto3.Session("AKIADYNALITE", "secret", region_name=REGION)
    config = Config(retries={"total_max_attempts": 1})  # type: ignore[typeddict-unknown-key, unused-ignore]
    return session.client("dynamodb", endpoint_url=url, config=config)
