"""`benchfleet keys revoke`."""

from typing import Annotated

import typer

from benchfleet.cli.deploy import Region
from benchfleet.cli.keys.asked import Role, Stage
from benchfleet.cli.options import AsJson

Named = Annotated[str, typer.Argument(metavar="NAME|ID", help="The key, as `keys list` names it.")]
Force = Annotated[bool, typer.Option("--force", help="Even if it is the last admin key, or the one that machines use.")]


def run(
    named: Named,
    role: Role = None,
    force: Force = False,
    stage: Stage = "dev",
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key: within a minute it is refused."""
    from benchfleet.cli.documents.keys import KeyRevoked
    from benchfleet.cli.keys.asked import document, keys_of
    from benchfleet.cli.output import print_document
    from benchfleet.deploy.refusals import explained

    with explained("revoking the key"):
        gone = keys_of(stage, region).revoke(named, role, force=force)
    if as_json:
        print_document(KeyRevoked(stage=stage, revoked=document(gone)))
        return
    print(f"Key {gone.name or gone.key_id} ({gone.role}) is revoked; it is refused within a minute.")
