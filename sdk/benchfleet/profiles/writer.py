"""Writes a profile into the profile file: at once or not at all, for its owner's eyes only, comments kept."""

from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from benchfleet.exceptions import ConfigError, DiskError
from benchfleet.local.files import replace_whole
from benchfleet.profiles.file import Profile, private_text


def write_profile(path: Path, name: str, profile: Profile) -> bool:
    """Adds or changes one profile; the first becomes the default. Returns whether it is the default now.

    A folder that has to be made is the owner's alone; one that is there stays as it is. Raises InsecureFile, ConfigError
    or DiskError, and then the file is as it was.
    """
    try:
        path = path.resolve()  # through links: a file kept elsewhere stays there
        document = _document(private_text(path) if path.exists() else "", name)
        table = document.setdefault("profiles", tomlkit.table(is_super_table=True)).setdefault(name, tomlkit.table())
        table["api_url"], table["api_key"] = profile.api_url, profile.key
    except (TOMLKitError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} holds no profiles in TOML: {error}; mend it, or remove it") from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply; mend it, or remove it") from error
    except RuntimeError as error:
        raise ConfigError(f"{path} is a link to itself; remove it") from error
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}; mend it, or remove it") from error
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_whole(path, tomlkit.dumps(document).encode(), mode=0o600)
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}; nothing was changed") from error
    return bool(document["default_profile"] == name)


def forget_profile(path: Path, name: str, *, api_url: str) -> bool:
    """Removes the profile if it names this address; returns whether it did. Raises InsecureFile, ConfigError or DiskError."""
    if not path.exists():
        return False
    path = path.resolve()
    try:
        document: Any = tomlkit.parse(private_text(path))
        if document["profiles"][name]["api_url"] != api_url:
            return False
        del document["profiles"][name]
        if document.get("default_profile") == name:
            del document["default_profile"]
    except (KeyError, TypeError):
        return False
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} holds no profiles in TOML: {error}; mend it, or remove it") from error
    try:
        replace_whole(path, tomlkit.dumps(document).encode(), mode=0o600)
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}; nothing was changed") from error
    return True


def _document(text: str, name: str) -> Any:
    document = tomlkit.parse(text)
    if "default_profile" in document:
        return document
    return tomlkit.parse("\n".join([tomlkit.dumps({"default_profile": name}), text]))
