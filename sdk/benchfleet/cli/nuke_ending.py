"""What `benchfleet nuke` prints: what there is, before it asks; and what was deleted, what stays and what is left, at its end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from benchfleet.cli.documents.nuke import Nuked, Resource
from benchfleet.cli.output import plain_table, print_document, print_table

if TYPE_CHECKING:
    from benchfleet.nuke.driver import Nuke, NukeOptions
    from benchfleet.nuke.inventory import Inventory
    from benchfleet.nuke.thing import Thing


def print_inventory(
    found: "Inventory", nuke: "Nuke", options: "NukeOptions", *, as_json: bool, to_stderr: bool = False
) -> None:
    """What there is. On stderr where a question follows."""
    if as_json:
        print_document(_document(found, (), nuke, options, plan=True))
        return
    console = Console(stderr=to_stderr)
    if not found.things:
        console.print(_nothing(nuke, options), highlight=False, markup=False, soft_wrap=True)
    else:
        _table(found.things, console)
        console.print(f"{found.costs}.", highlight=False, markup=False, soft_wrap=True)
    _more(found, console)


def print_left(
    found: "Inventory", left: Sequence["Thing"], nuke: "Nuke", options: "NukeOptions", *, as_json: bool
) -> None:
    """How it ended."""
    if as_json:
        print_document(_document(found, left, nuke, options, plan=False))
        return
    console = Console()
    if left:
        print(f"{len(left)} still there:")
        _table(left, console)
        print(
            "Remedy: run the command again; what has no tag of ours is not touched: delete it by hand if it is yours."
        )
    elif not found.things:
        print(_nothing(nuke, options))
    else:
        print(_done(found, nuke, options))
    _kept(found, console)
    if options.scope == "machines" and not options.run_id:
        print(
            "Runs that go on bring new machines: `benchfleet runs stop` stops one, `nuke --run-id` one with its machines."
        )


def _done(found: "Inventory", nuke: "Nuke", options: "NukeOptions") -> str:
    count = len(found.things)
    if options.run_id is None:
        return f"Deleted {count} thing{'s' if count > 1 else ''} from account {nuke.account}; nothing of it is left."
    machines = sum(it.by_hour for it in found.things)
    ended = f"{machines} machine{'' if machines == 1 else 's'} ended"
    stopped = "is stopped" if count > machines else "was over"
    return f"Run {options.run_id} {stopped}, {ended}; nothing of it is left in account {nuke.account}."


def _nothing(nuke: "Nuke", options: "NukeOptions") -> str:
    if options.run_id:
        return f"Run {options.run_id} is over or unknown, and there is no machine of it in account {nuke.account}."
    what = "no machine" if options.scope == "machines" else "nothing"
    return f"There is {what} of stage {options.stage} in account {nuke.account}."


def _table(things: Sequence["Thing"], console: Console) -> None:
    table = plain_table("kind", "name", "region", "details", "USD/hour")
    for it in things:
        usd = "" if not it.by_hour else "unknown" if it.hourly_usd is None else f"{it.hourly_usd:.4f}"
        table.add_row(it.kind, it.name, it.region, it.details, usd)
    print_table(table, console=console)


def _more(found: "Inventory", console: Console) -> None:
    _kept(found, console)
    for it in found.strangers:
        words = f"Not touched, as it lacks the tag: {it.words}"
        console.print(words, highlight=False, markup=False, soft_wrap=True)


def _kept(found: "Inventory", console: Console) -> None:
    for it in found.kept:
        words = f"Kept, with its results: {it.words} (--with-results deletes it)"
        console.print(words, highlight=False, markup=False, soft_wrap=True)


def _document(
    found: "Inventory", left: Sequence["Thing"], nuke: "Nuke", options: "NukeOptions", *, plan: bool
) -> Nuked:
    return Nuked(
        stage=options.stage,
        account=nuke.account,
        regions=list(found.regions),
        run_id=options.run_id,
        plan=plan,
        found=[_resource(it) for it in found.things],
        hourly_usd=round(found.hourly_usd, 6),
        unpriced=found.unpriced,
        kept=[_resource(it) for it in found.kept],
        strangers=[_resource(it) for it in found.strangers],
        left=[_resource(it) for it in left],
    )


def _resource(thing: "Thing") -> Resource:
    return Resource(
        kind=thing.kind, name=thing.name, region=thing.region, details=thing.details, hourly_usd=thing.hourly_usd,
        price_date=thing.price_date,
    )  # fmt: skip
