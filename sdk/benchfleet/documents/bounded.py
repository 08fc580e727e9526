"""Text files of users, read to a bound."""

from pathlib import Path

from benchfleet.exceptions import ConfigError


def read_text(path: Path, *, what: str, most_bytes: int) -> str:
    """UTF-8, with or without a byte order mark. `what` the file is, in messages: `price table`.

    No more than a byte beyond the bound is ever held. Devices and pipes may be named: `/dev/null`, `<(command)`. Raises
    ConfigError.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(most_bytes + 1)
    except OSError as error:
        raise ConfigError(f"cannot read the {what} {path}: {error.strerror}; is the path right?") from error
    except ValueError as error:
        raise ConfigError(f"no file can have the name {str(path)!r}: {error}") from error
    if len(raw) > most_bytes:
        raise ConfigError(
            f"the {what} {path} has more than the {most_bytes} bytes that are read: split it, or thin it out"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"the {what} {path} is not UTF-8: save it so") from error
