"""`benchfleet http stream`."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from benchfleet.cli.http.options import App, FrameworkName, Output, Own
from benchfleet.cli.options import AsJson
from benchfleet.cli.output import print_table

if TYPE_CHECKING:
    from benchfleet_contract.http_results import HttpResult, Percentiles, StreamResult


def run(
    app: App = None,
    framework: FrameworkName = None,
    streams: Annotated[str, typer.Option("--streams", help="websocket, sse, or both with a comma.")] = "websocket,sse",
    connections: Annotated[int, typer.Option("--connections", help="Streams at the same time.")] = 50,
    interval: Annotated[float, typer.Option("--interval", help="Seconds between messages of a stream.")] = 0.1,
    seconds: Annotated[float, typer.Option("--seconds", help="Seconds of messages.")] = 10,
    output: Output = None,
    registry: Own = None,
    as_json: AsJson = False,
) -> None:
    """Load WebSockets that echo and server-sent events: time to the first message, and each message's from when it was due.

    Exit codes: 0 all was measured, 1 an error, 2 wrong usage, 3 no framework or several fit, 4 nothing could be believed,
    5 some was not measured or is not served.
    """
    from benchfleet.cli.documents.http import HttpStreamed
    from benchfleet.cli.http.apps import on_stderr, options_of, results_folder, source_of
    from benchfleet.cli.http.measuring import registry_of
    from benchfleet.http.alone import exit_code, started

    known = registry_of(registry)
    source = source_of(app, framework, known)
    options = options_of(
        framework=framework, app=source, streams=streams.split(","), stream_connections=connections,
        stream_interval_s=interval, stream_duration_s=seconds,
    )  # fmt: skip
    folder = output or results_folder("http-stream")
    result = started(options, folder, known, only="streams", told=on_stderr)
    if as_json:
        print(HttpStreamed(folder=str(folder), result=result).model_dump_json(indent=2))
    else:
        _print(result)
    if code := exit_code([one.status == "measured" for one in result.streams or ()], len(options.streams)):
        raise typer.Exit(code)


def _print(result: "HttpResult") -> None:
    from benchfleet.http.missing import notes

    table = Table("stream", "connections", "messages/s", "first ms p50, p99", "message ms p50, p99, max", "status")
    for one in result.streams or ():
        table.add_row(
            one.name, f"{one.established or 0} of {one.connections}", _number(one.messages_per_s, 0),
            _points(one.first_message, "p50", "p99"), _points(one.latency, "p50", "p99", "max"), escape(_status(one)),
        )  # fmt: skip
    print_table(table)
    for note in notes([result]):
        typer.echo(note, err=True)
    if result.failure:
        typer.echo(f"benchfleet: {result.failure.kind}: {result.failure.message}: {result.failure.remedy}", err=True)


def _points(found: "Percentiles | None", *names: str) -> str:
    return ", ".join(_number(getattr(found, name), 2) for name in names) if found else ""


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _status(one: "StreamResult") -> str:
    return "; ".join([one.status, *one.reasons])
