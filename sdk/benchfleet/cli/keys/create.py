"""`benchfleet keys create`."""

import re
import sys
from typing import Annotated

import typer

from benchfleet.cli.deploy import Region
from benchfleet.cli.keys.asked import RoleName, Stage
from benchfleet.cli.options import AsJson
from benchfleet.exceptions import UsageError

RoleWanted = Annotated[RoleName, typer.Option(help="What the key may do.")]
Name = Annotated[str | None, typer.Option(metavar="NAME", help="What it is called (default: ROLE and the time).")]
ForMachines = Annotated[
    bool, typer.Option("--for-machines", help="Machines of clouds use it from now on; the role must be runner.")
]


def run(
    role: RoleWanted,
    name: Name = None,
    for_machines: ForMachines = False,
    stage: Stage = "dev",
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, once: only its digest is kept. It works within a minute."""
    from benchfleet.cli.documents.keys import KeyMade
    from benchfleet.cli.keys.asked import document, keys_of
    from benchfleet.cli.output import print_document
    from benchfleet.deploy.refusals import explained

    if for_machines and role != "runner":
        raise UsageError(f"--for-machines: machines need a key of the role runner, not {role}")
    with explained("making the key"):
        made = keys_of(stage, region).create(role, _checked(name, role), for_machines=for_machines)
    if as_json:
        print_document(KeyMade(stage=stage, key=made.key, listed=document(made.listed)))
        return
    print(f"Key {made.listed.name} ({role}, id {made.listed.key_id}), shown once:", file=sys.stderr)
    print(made.key)


def _checked(name: str | None, role: str) -> str:
    from datetime import UTC, datetime

    if name is None:
        return f"{role}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", name):
        raise UsageError(f"--name {name}: 1 to 32 letters, digits, dots, dashes and underscores")
    return name
