"""`benchfleet schedule create`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect
from benchfleet.cli.sentences import say, warn

if TYPE_CHECKING:
    from benchfleet_contract.schedules import CreatedSchedule

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the schedule is called; its runs begin with it.")]
Config = Annotated[Path, typer.Option("--config", "-c", help="The config of the runs, JSON or YAML.")]
Cron = Annotated[
    str | None, typer.Option(metavar="FIELDS", help="Minutes, hours, day, month, weekday, year: '0 3 * * ? *'.")
]
Rate = Annotated[str | None, typer.Option(metavar="RATE", help="'12 hours', '1 day': first in one turn from now.")]
At = Annotated[str | None, typer.Option(metavar="TIME", help="Once, at a local time: 2027-01-31T03:00:00.")]
TimeZone = Annotated[str, typer.Option(metavar="ZONE", help="Of --cron and --at: Europe/Berlin.")]
Overlap = Annotated[str, typer.Option(metavar="skip|queue|allow", help="When the run before has not ended.")]
Notify = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[EVENTS=]TARGET",
        help="An SNS topic's ARN or an https webhook; EVENTS are some of end,failure,regression. May be repeated.",
    ),
]
Secret = Annotated[
    str | None, typer.Option(metavar="PARAMETER", help="The webhooks' signing secret; one is made if left out.")
]


def run(
    name: Name,
    config: Config,
    cron: Cron = None,
    rate: Rate = None,
    at: At = None,
    time_zone: TimeZone = "UTC",
    overlap: Overlap = "skip",
    notify: Notify = None,
    notify_secret: Secret = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Make a schedule: a run of CONFIG at certain times, without this machine.

    The same command again gives the same schedule. A webhook's secret is shown once.
    """
    from benchfleet.cli.schedules.asked import body_of, expression_of
    from benchfleet.config.loading import load

    expression = expression_of(cron, rate, at)
    loaded = load(config)
    for warning in loaded.warnings:
        say(warning)
    body = body_of(name, expression, time_zone, overlap, notify or [], notify_secret, loaded.body)
    with connect(api_url, api_key, profile) as client:
        made = client.create_schedule(body)
    if as_json:
        from benchfleet.cli.documents.schedules import ScheduleMade
        from benchfleet.cli.output import print_document

        print_document(ScheduleMade.model_validate(made.model_dump()))
    else:
        _tell(made)


def _tell(made: "CreatedSchedule") -> None:
    from benchfleet.cli.schedules.shown import local

    print(f"Schedule {made.name} fires next:")
    for moment in made.next_firings:
        print(f"  {local(moment, made.time_zone)}")
    if made.webhook_secret:
        print(f"Signing secret of its webhooks, shown this once: {made.webhook_secret}")
    for warning in made.warnings:
        warn(warning)
