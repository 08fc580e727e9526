"""`benchfleet login`."""

import os
import sys
from getpass import getpass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import typer

from benchfleet.cli.options import ApiUrl, AsJson, Profile
from benchfleet.cli.sentences import warn
from benchfleet.exceptions import ApiError, AuthError, ServerError, UsageError
from benchfleet.profiles import settings
from benchfleet.profiles.file import Profile as Kept
from benchfleet.profiles.file import Profiles, profile_file, read_profiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchfleet.client import Client

FIRST = "default"  # what the first profile is called where nobody names it


class Wanted(NamedTuple):
    """What is to be stored."""

    name: str
    api_url: str
    key: str


def run(profile: Profile = None, api_url: ApiUrl = None, as_json: AsJson = False) -> None:
    """Store the API's address and your key as a profile, for all other commands.

    Asks for both and tries them before anything is written. In a pipe the key is the first line of stdin, and the address
    must be given. The file is readable for its owner only.
    """
    from benchfleet.cli.documents.login import LoggedIn
    from benchfleet.profiles.writer import write_profile

    file = profile_file(os.environ)
    wanted = _wanted(read_profiles(file), profile, api_url)
    may_create = examine(wanted)
    default = write_profile(file, wanted.name, Kept(wanted.api_url, wanted.key))
    told = LoggedIn(
        profile=wanted.name, file=str(file), api_url=wanted.api_url, default=default, may_create_runs=may_create
    )
    if as_json:
        print(told.model_dump_json(indent=2))
        return
    print(f"Profile {told.profile} is {told.api_url}, kept in {told.file}.")
    if may_create is None:
        _note(
            "this control plane is older than this client and does not tell whether the key is right; it was not tried"
        )
    elif not may_create:
        _note("this key may not create or stop runs: it only runs tasks, or only reads")
    if not default:
        _note(f"it is not the default profile: use it with --profile {told.profile} or {settings.PROFILE}")


def _wanted(kept: Profiles, profile: str | None, api_url: str | None) -> Wanted:
    from benchfleet_contract.names import LABEL

    name = profile or os.environ.get(settings.PROFILE) or kept.default or FIRST
    if not LABEL.fullmatch(name):
        raise UsageError(f"a profile cannot be called {name!r}: letters, digits, dot, dash and underscore, at most 64")
    known = os.environ.get(settings.URL) or kept.profiles.get(name, Kept()).api_url
    if sys.stdin.isatty():
        return Wanted(name, api_url or _ask_url(known), settings.check_key(_ask_key(), "that"))
    if not (url := api_url or known):
        raise UsageError(f"no API URL: give --api-url URL, or set {settings.URL}")
    return Wanted(name, url, settings.key_of("-", sys.stdin, _note))


def _ask_url(known: str | None) -> str:
    """Raises typer.Abort at the end of input."""
    while True:
        print(f"API URL [{known}]: " if known else "API URL: ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise typer.Abort
        if url := line.strip() or known:
            return url


def _ask_key() -> str:
    """Raises typer.Abort at the end of input."""
    try:
        return getpass("Key (not shown): ", stream=sys.stderr)
    except EOFError as error:
        raise typer.Abort from error


def examine(wanted: Wanted, *, make_client: "Callable[..., Client] | None" = None) -> bool | None:
    """May the key create runs? None where a control plane is too old to tell.

    Raises UsageError if the server is not a benchfleet API, AuthError for an unknown key, Unreachable, ServerError.
    """
    from benchfleet.client import Client

    connect = make_client or Client
    with connect(wanted.api_url) as stranger:  # nobody is told the key before something answers as our API does
        try:
            stranger.up()
        except ServerError:
            raise
        except ApiError as error:
            words = f"the server at {wanted.api_url} is not a benchfleet API: {error}; is the path complete?"
            raise UsageError(words) from error
    if _is_exposed(wanted.api_url):
        _note(f"{wanted.api_url} is not encrypted: anyone on the network path can read the key")
    with connect(wanted.api_url, key=wanted.key) as client:
        return _may_create(client, wanted.api_url)


def _may_create(client: "Client", url: str) -> bool | None:
    try:
        return "manage_runs" in client.whoami().may
    except AuthError as error:
        raise AuthError(f"{url} does not know this key; nothing was written", status=error.status) from error
    except ApiError as error:
        if error.code != "no_such_route":
            raise
        return None


def _is_exposed(url: str) -> bool:
    found = urlsplit(url)
    host = found.hostname or ""
    return found.scheme == "http" and not (host in ("localhost", "::1") or host.startswith("127."))


def _note(words: str) -> None:
    warn(words)
