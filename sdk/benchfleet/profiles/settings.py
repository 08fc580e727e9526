"""Which API, with which key: flag, else environment, else profile.

A profile's key goes to the profile's own URL. With another URL from a flag or the environment it is used only if the
profile was named, too: a default profile must not tell its key to whatever address somebody tries.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from benchfleet.exceptions import UsageError
from benchfleet.profiles.file import Profile, Profiles, expanded, profile_file, read_profiles

URL, KEY, PROFILE = "BENCHFLEET_URL", "BENCHFLEET_API_KEY", "BENCHFLEET_PROFILE"
_MOST_KEY_CHARS = 4_096
_NO_URL = (
    f"no API URL: give --api-url URL, or set {URL}, or make a profile with `benchfleet login` "
    "(or `benchfleet run --emulator`, which starts its own API)"
)
_LITERAL = "a key in --api-key can be read by every user of this machine; use --api-key -, --api-key @FILE or a profile"


class NoUrl(UsageError):
    """Nothing names an API."""


@dataclass(frozen=True)
class Connection:
    """`profile` names the profile that the URL or the key came from, if one did."""

    api_url: str
    key: str | None = field(repr=False)
    profile: str | None


def connection(
    api_url: str | None = None,
    api_key: str | None = None,
    profile: str | None = None,
    *,
    environ: Mapping[str, str],
    file: Path | None = None,
    stdin: TextIO | None = None,
    warn: Callable[[str], None] = lambda words: None,
) -> Connection:
    """The flags come first; `file` replaces the user's profile file, `stdin` is what `--api-key -` reads.

    Raises UsageError (no URL, no such profile, no key where one was pointed to), InsecureFile for a profile file that
    others can read, ConfigError for one that cannot be read.
    """
    url = api_url or environ.get(URL) or None
    key = key_of(api_key, stdin or sys.stdin, warn) if api_key is not None else _variable_key(environ)
    named = profile or environ.get(PROFILE) or None
    if url and key and not named:
        return Connection(url, key, None)
    name, found = _profile(named, read_profiles(file or profile_file(environ)))
    if not (url or found.api_url):
        raise NoUrl(_NO_URL)
    return _joined(url, key, found, name, trusted=named is not None)


def key_of(argument: str, stdin: TextIO | None, warn: Callable[[str], None]) -> str:
    """What `--api-key` means: `-`, `@FILE` or the key itself. Raises UsageError if there is none, never with the key."""
    if argument == "-":
        return check_key(stdin.readline(_MOST_KEY_CHARS) if stdin else "", "stdin")
    if argument.startswith("@"):
        return check_key(_first_line(expanded(argument[1:])), argument[1:])
    warn(_LITERAL)
    return check_key(argument, "--api-key")


def _variable_key(environ: Mapping[str, str]) -> str | None:
    """Checked before it gets into a header: what cannot, would be told in an error. One line end is a file's, not the key's."""
    said = environ.get(KEY, "").strip()
    return check_key(said, KEY) if said else None


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline(_MOST_KEY_CHARS)
    except OSError as error:
        raise UsageError(f"--api-key @{path}: {error.strerror}; name a file that holds only the key") from error
    except ValueError as error:
        raise UsageError(f"--api-key @{path}: not text; name a file that holds only the key") from error


def check_key(text: str, source: str) -> str:
    """The key without blanks around it. Raises UsageError, without the key in it, for what is no key."""
    key = text.strip()
    if not key:
        raise UsageError(f"no key in {source}; the first line must be the key")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"invalid key in {source}: a key has only ASCII characters, and no spaces")
    return key


def _profile(named: str | None, profiles: Profiles) -> tuple[str | None, Profile]:
    name = named or profiles.default
    if name is None:
        return None, Profile()
    if name in profiles.profiles:
        return name, profiles.profiles[name]
    there = ", ".join(sorted(profiles.profiles)) or "none"
    raise UsageError(
        f"no profile {name} in {profiles.path} (there: {there}); make it with `benchfleet login --profile {name}`"
    )


def _joined(url: str | None, key: str | None, profile: Profile, name: str | None, *, trusted: bool) -> Connection:
    own = url is None or _same(url, profile.api_url) or trusted
    told = key or (check_key(profile.key, f"profile {name}") if own and profile.key else None)
    used = (url is None and profile.api_url) or (key is None and told)
    return Connection(url or profile.api_url or "", told, name if used else None)


def _same(url: str, other: str | None) -> bool:
    return other is not None and url.rstrip("/") == other.rstrip("/")
