"""The file with profiles: where each API is, and the key for it. TOML, for its owner's eyes only.

default_profile = "team"

[profiles.team]
api_url = "https://…"
api_key = "…"
"""

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchfleet import exit_codes
from benchfleet.exceptions import BenchfleetError, ConfigError

FILE = "BENCHFLEET_CONFIG"
_MOST_BYTES = 1024 * 1024
_REMEDY = "mend it, or remove it and run `benchfleet login`"
_STRANGERS = stat.S_IRWXG | stat.S_IRWXO


class InsecureFile(BenchfleetError):
    """A file with keys is open to other users, so that its keys are not known to be ours alone."""

    exit_code = exit_codes.AUTH


@dataclass(frozen=True)
class Profile:
    """One API."""

    api_url: str | None = None
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Profiles:
    """What a profile file holds; nothing if there is no file."""

    path: Path
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    default: str | None = None


def profile_file(environ: Mapping[str, str]) -> Path:
    """`$BENCHFLEET_CONFIG`, else `config.toml` in the user's own folder for configs."""
    if named := environ.get(FILE):
        return expanded(named)
    from platformdirs import user_config_path  # here: most commands are told all they need by flags

    return user_config_path("benchfleet") / "config.toml"


def expanded(named: str) -> Path:
    """`~` and `~name` as a shell reads them; as they stand where there is no such user."""
    try:
        return Path(named).expanduser()
    except RuntimeError:
        return Path(named)


def read_profiles(path: Path) -> Profiles:
    """Raises InsecureFile if others may read or write it, ConfigError if it cannot be read or is no such file."""
    try:
        text = private_text(path)
    except FileNotFoundError:
        return Profiles(path)
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "not text"
        raise ConfigError(f"cannot read the profiles in {path}: {words}; {_REMEDY}") from error
    try:
        document = tomllib.loads(text)
    except ValueError as error:
        raise ConfigError(f"{path} is not TOML: {error}; {_REMEDY}") from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply; {_REMEDY}") from error
    profiles = {name: _profile(path, name, table) for name, table in _table(path, document, "profiles").items()}
    return Profiles(path, profiles, _text(path, document, "default_profile"))


def private_text(path: Path) -> str:
    """The file's text, after its rights were looked at; both of the same open file. Raises InsecureFile or OSError."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ConfigError(f"{path} is not a regular file; {_REMEDY}")
        if os.name == "posix" and mode & _STRANGERS:
            raise InsecureFile(f"other users may read or change the keys in {path}: chmod 600 {path}")
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"{path} has more than {_MOST_BYTES} bytes; {_REMEDY}")
    return data.decode("utf-8-sig")  # some editors begin a file with a BOM


def _profile(path: Path, name: str, table: Any) -> Profile:
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: profiles.{name} must be a table: [profiles.{name}]")
    where = f"profiles.{name}."
    return Profile(_text(path, table, "api_url", where=where), _text(path, table, "api_key", where=where))


def _table(path: Path, document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: {name} must be tables: [{name}.NAME]")
    return found


def _text(path: Path, table: Mapping[str, Any], name: str, *, where: str = "") -> str | None:
    """The value is never told: it may be a key."""
    found = table.get(name)
    if found is None or (isinstance(found, str) and found.strip()):
        return found
    raise ConfigError(f'{path}: {where}{name} must be a text in quotes: {name} = "…"')
