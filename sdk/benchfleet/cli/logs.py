"""`benchfleet logs`."""

import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.deploy import Region, Stage
from benchfleet.exceptions import UsageError

if TYPE_CHECKING:
    from benchfleet.deploy.aws import Aws
    from benchfleet.logs.reading import Line

RunId = Annotated[str | None, typer.Option(metavar="RUN_ID", help="Only lines that name this run.")]
Function = Annotated[str | None, typer.Option(metavar="NAME", help="Only this function: sweep, provision, ….")]
Launch = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only this machine: its runners, and the console of its boot.")
]
Since = Annotated[str, typer.Option(metavar="AGE", help="How far back: 30m, 1h, 2d.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document for each line.")]
_UNITS_S = {"m": 60, "h": 3_600, "d": 86_400}


def run(
    stage: Stage = "dev",
    region: Region = None,
    run_id: RunId = None,
    function: Function = None,
    launch: Launch = None,
    since: Since = "1h",
    follow: Follow = False,
    as_json: AsJson = False,
) -> None:
    """Show what the functions and machines of a stage have written, the oldest line first.

    At most 10,000 lines at once, the newest. Machines' boots are shown for one launch, from the console that EC2 keeps.
    """
    from benchfleet.deploy.aws import Aws
    from benchfleet.deploy.refusals import explained
    from benchfleet.logs import reading, sources

    if function and launch:
        raise UsageError("--function and --launch: name one of them")
    if function and function not in sources.FUNCTIONS:
        raise UsageError(f"there is no function {function}; there are: {', '.join(sources.FUNCTIONS)}")
    aws, since_ms, containing = Aws(region), _since_ms(since), _plain(run_id)
    with explained("reading the logs"):
        groups = [] if launch else sources.function_groups(aws, stage, function)
        groups += [] if function else sources.machine_groups(aws, stage)
        if launch := _plain(launch):
            _boots(aws, stage, sorted({aws.region, *(it.region for it in groups)}), launch)
            groups = sources.streams_of(aws, stage, groups, launch)
        if follow:
            _print(reading.follow(aws, groups, since_ms=since_ms, containing=containing), as_json=as_json)
        look = reading.Look()
        _print(reading.read(aws, groups, since_ms=since_ms, containing=containing, look=look), as_json=as_json)
    if look.cut:
        print(f"Older lines are left out: more than {reading.MOST_LINES:,}. Say less with --since.", file=sys.stderr)


def _boots(aws: "Aws", stage: str, regions: list[str], launch: str) -> None:
    """On stderr: it has no times, and is no log line."""
    from benchfleet.documents.printable import printable
    from benchfleet.logs import reading, sources

    for instance_id, region in sources.instances(aws, stage, regions, launch):
        print(f"==> console of {instance_id} in {region}", file=sys.stderr)
        for text in reading.console(aws, instance_id, region):
            print(printable(text), file=sys.stderr)


def _print(lines: "Iterable[Line]", *, as_json: bool) -> None:
    from benchfleet.cli.documents.logs import LogLine
    from benchfleet.cli.output import as_json as document
    from benchfleet.documents.printable import printable

    for line in lines:
        at = _iso(line.at_ms)
        if as_json:
            print(document(LogLine(at=at, source=line.source, text=line.text)), flush=True)
        else:
            print(f"{at} {line.source}: {printable(line.text)}", flush=True)


def _iso(ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _since_ms(age: str) -> int:
    import time

    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", age)
    if not found:
        raise UsageError(f"--since {age}: give minutes, hours or days, as in 30m, 1h or 2d")
    return round((time.time() - int(found[1]) * _UNITS_S[found[2]]) * 1000)


def _plain(name: str | None) -> str | None:
    """It becomes a filter of CloudWatch's, in quotes."""
    if name is not None and not re.fullmatch(r"[A-Za-z0-9._-]{1,128}", name):
        raise UsageError(f"{name!r} is no name of a run or a launch")
    return name
