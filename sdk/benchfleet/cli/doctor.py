"""`benchfleet doctor`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connection
from benchfleet.cli.run_ids import RESULTS
from benchfleet.exceptions import AuthError, BenchfleetError
from benchfleet.profiles.settings import Connection

if TYPE_CHECKING:
    from benchfleet.doctor.check import Check

Results = Annotated[Path, typer.Option(help="Where results will be put.")]


def run(
    results: Results = RESULTS,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Check what this machine and its control plane need, and say what to do about what is missing.

    Changes nothing. Exit code 0 if nothing failed (warnings do not count), 4 if the key is refused, 3 for all else.
    """
    from benchfleet.doctor.examine import examine
    from benchfleet.profiles.file import profile_file

    def connect() -> Connection:
        return connection(api_url, api_key, profile)

    tell(examine(connect, results=results, config=profile_file(os.environ)), as_json=as_json)


def tell(checks: "Iterator[Check]", *, as_json: bool) -> None:
    """Prints each answer as it comes, or all as one document. Raises BenchfleetError if any failed."""
    from benchfleet.cli.documents.doctor import CheckSeen, Examined
    from benchfleet.cli.output import print_document
    from benchfleet.doctor.check import Outcome

    told = [_shown(check, quiet=as_json) for check in checks]
    failed = [check for check in told if check.outcome == Outcome.FAIL]
    if as_json:
        seen = [CheckSeen(name=it.name, outcome=it.outcome, found=it.found, remedy=it.remedy) for it in told]
        print_document(Examined(ok=not failed, checks=seen))
    if any(check.name == "key" for check in failed):
        raise AuthError("the key is refused", status=401)
    if failed:
        raise BenchfleetError(f"{len(failed)} of {len(told)} checks failed")


def _shown(check: "Check", *, quiet: bool) -> "Check":
    """Line by line: an engine that hangs should not hide what is known already."""
    from rich.console import Console
    from rich.text import Text

    from benchfleet.cli.output import state

    if not quiet:
        out = Console(highlight=False, soft_wrap=True)
        out.print(Text.assemble(state(f"{check.outcome.value:<5}"), f"{check.name}: {check.found}"))
        if check.remedy:
            out.print(Text(f"     -> {check.remedy}", style="dim"))
    return check
