"""Options that several commands share, and the connection that they lead to. The only reader of `os.environ` for it."""

import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.sentences import warn
from benchfleet.profiles import settings

if TYPE_CHECKING:
    from benchfleet.client import Client

ApiUrl = Annotated[
    str | None, typer.Option("--api-url", metavar="URL", help="The API; else $BENCHFLEET_URL, else the profile's.")
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        metavar="-|@FILE|KEY",
        help="- reads it from stdin, @FILE from a file; else $BENCHFLEET_API_KEY, else the profile's.",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="A profile of `benchfleet login`; else $BENCHFLEET_PROFILE."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of text.")]


def connection(
    api_url: str | None, api_key: str | None, profile: str | None, *, of: str | None = None
) -> settings.Connection:
    """Where to go with which key. Raises what `settings.connection` raises.

    `of` is a run, a task or `latest`: where nothing names an API, the emulator that a detached run has here is meant.
    """
    try:
        return settings.connection(api_url, api_key, profile, environ=os.environ, stdin=sys.stdin, warn=warn_once)
    except settings.NoUrl:
        from benchfleet.running.finding import emulator_of

        if of is None or (found := emulator_of(of)) is None:
            raise
        return found


def connect(api_url: str | None, api_key: str | None, profile: str | None, *, of: str | None = None) -> "Client":
    """A client to use as a context manager. `of` as for `connection`; raises what that raises."""
    from benchfleet.client import Client

    found = connection(api_url, api_key, profile, of=of)
    return Client(found.api_url, key=found.key)


def somebody_there() -> bool:
    """Is there a person to ask? Both are None where a daemon closed them."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


@cache
def warn_once(words: str) -> None:
    warn(words)
