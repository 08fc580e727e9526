"""How a person or a pipe learns what was started."""

import json
import sys
from dataclasses import asdict

from local_emulator.config import Ready


def announce(ready: Ready, *, as_json: bool) -> None:
    """One JSON line, or a table on a terminal, or plain `name: value` lines in a pipe; on stdout."""
    if as_json:
        print(json.dumps(asdict(ready)), flush=True)
    elif sys.stdout.isatty():
        _table(ready)
    else:
        for name, value in _rows(ready):
            print(f"{name}: {value}", flush=True)


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


def _table(ready: Ready) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, title="benchfleet emulator", title_justify="left")
    for name, value in _rows(ready):
        table.add_row(f"[bold]{name}", value)
    console = Console()
    console.print(table)
    console.print("Ctrl-C ends it.", style="dim")
