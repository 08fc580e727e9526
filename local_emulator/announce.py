"""How a person or a pipe learns what was started."""

import json
import sys
from dataclasses import asdict
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from local_emulator.config import Ready


def announce(ready: Ready, *, as_json: bool) -> None:
    announce_rows(ready, _rows(ready), title="benchfleet emulator", as_json=as_json)


def announce_rows(ready: Any, rows: list[tuple[str, str]], *, title: str, as_json: bool) -> None:
    """One JSON line (the whole of `ready`, a dataclass), or a table on a terminal, or plain `name: value` lines in a
    pipe; on stdout.
    """
    if as_json:
        print(json.dumps(asdict(ready)), flush=True)
    elif sys.stdout.isatty():
        _table(rows, title=title)
    else:
        for name, value in rows:
            print(f"{name}: {value}", flush=True)


def out_of_reach(ready: Ready) -> list[str]:
    """What runners on other machines would stumble over: presigned URLs carry the address of the emulated AWS."""
    api, aws = (ip_address(urlsplit(url).hostname or "") for url in (ready.api_url, ready.aws_endpoint_url))
    if aws.is_unspecified:
        return [
            f"URLs for uploads and downloads say {aws}, which elsewhere means the machine that reads it: "
            "pass as --aws-host the one address of this machine that runners reach"
        ]
    if aws.is_loopback and not api.is_loopback:
        return [
            f"URLs for uploads and downloads lead to {ready.aws_endpoint_url}, which only this machine reaches: "
            "for runners elsewhere pass as --aws-host the address of this machine that they reach"
        ]
    return []


def _rows(ready: Ready) -> list[tuple[str, str]]:
    keys = [(f"{role} key", key) for role, key in asdict(ready.keys).items()]
    return [
        ("api", ready.api_url),
        ("aws endpoint", ready.aws_endpoint_url),
        ("aws access key", ready.aws_access_key_id),
        ("aws secret key", ready.aws_secret_access_key),
        ("table", ready.table),
        ("bucket", ready.bucket),
        *keys,
    ]


def _table(rows: list[tuple[str, str]], *, title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, title=title, title_justify="left")
    for name, value in rows:
        table.add_row(f"[bold]{name}", value)
    console = Console()
    console.print(table)
    console.print("Ctrl-C ends it.", style="dim")
