"""Runs whose results are on this machine: what `runs …` tells of where no control plane is named, or with --local."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from benchfleet.cli.run_ids import LATEST, RESULTS
from benchfleet.exceptions import UsageError

if TYPE_CHECKING:
    from benchfleet_contract.runs import RunDetail

    from benchfleet.client import Client

Found = TypeVar("Found")

Local = Annotated[
    bool, typer.Option("--local", help="Only what is in RESULTS on this machine, whatever control plane is named.")
]
Results = Annotated[Path, typer.Option(help="Folder with results, where no control plane is named.")]


def either(
    connects: "Callable[[], Client]", here: Callable[[], Found], ask: "Callable[[Client], Found]", *, local: bool
) -> Found:
    """What the control plane says, or (if none is named, or with `local`) what is on this machine."""
    from benchfleet.profiles.settings import NoUrl

    if local:
        return here()
    try:
        client = connects()
    except NoUrl:
        return here()
    with client:
        return ask(client)


def find(given: str, results: Path = RESULTS) -> "tuple[RunDetail, Path]":
    """The run that is meant, of those in `results`, and its folder. Raises UsageError."""
    from benchfleet_contract.names import RUN_ID

    from benchfleet.results.run_on_disk import read_run, runs_in

    if not given:
        raise UsageError("the id of a run is empty: name a run, or `latest`")
    if given == LATEST:
        found = next(iter(runs_in(results)), None)
    else:
        found = read_run(results / given) if RUN_ID.fullmatch(given) else None
    if found is None:
        what = "no run" if given == LATEST else f"no run {given}"
        raise UsageError(
            f"there is {what} in {results}/, and no control plane is asked: name one with --api-url, or a profile of "
            "`benchfleet login`"
        )
    folder = results / (found.run_id if given == LATEST else given)
    tell(folder)
    return found, folder


def tell(place: Path) -> None:
    """On stderr: where the words come from."""
    print(f"benchfleet: no control plane is asked: this is from {place}/", file=sys.stderr)
