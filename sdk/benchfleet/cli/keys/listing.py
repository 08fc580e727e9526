"""`benchfleet keys list`."""

from benchfleet.cli.deploy import Region
from benchfleet.cli.keys.asked import Role, Stage
from benchfleet.cli.options import AsJson


def run(role: Role = None, stage: Stage = "dev", region: Region = None, as_json: AsJson = False) -> None:
    """List the keys of a stage: role, id, name and day of creation. Keys themselves are not kept."""
    from benchfleet.cli.documents.keys import KeysList
    from benchfleet.cli.keys.asked import document, keys_of
    from benchfleet.cli.output import plain_table, print_document, print_table
    from benchfleet.deploy.refusals import explained

    with explained("reading the keys"):
        found = keys_of(stage, region).list(role)
    if as_json:
        print_document(KeysList(stage=stage, keys=[document(it) for it in found]))
        return
    table = plain_table("role", "id", "name", "created", "used by")
    for it in found:
        table.add_row(it.role, it.key_id, it.name or "", it.created or "", "machines" * it.of_machines)
    print_table(table)
