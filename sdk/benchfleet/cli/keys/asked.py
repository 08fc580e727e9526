"""What the commands about keys have in common."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from benchfleet.cli.documents.keys import Key

if TYPE_CHECKING:
    from benchfleet.deploy.key_list import KeyList, Listed

RoleName = Literal["admin", "runner", "reader"]
Stage = Annotated[
    Literal["dev", "prod", "local"],
    typer.Option(help="Which of the two control planes of an account; local: that of an emulator."),
]
Role = Annotated[RoleName | None, typer.Option(help="Only keys of this role.")]


def keys_of(stage: str, region: str | None) -> "KeyList":
    from benchfleet.deploy.aws import Aws
    from benchfleet.deploy.key_list import KeyList
    from benchfleet.deploy.keyring import KeyringParameter

    return KeyList(KeyringParameter(Aws(region), stage))


def document(listed: "Listed") -> Key:
    return Key(
        role=listed.role, id=listed.key_id, name=listed.name, created=listed.created, of_machines=listed.of_machines
    )
