"""What can go wrong with a fleet. `RunFailed` is that of `benchfleet.exceptions`; exit codes are in `exit_codes`."""

from benchfleet import exit_codes
from benchfleet.exceptions import BenchfleetError, ConfigError, NotFound, TimedOut


class ManifestError(ConfigError):
    """The manifest or one of its datasets cannot be used. `problems` is everything that is wrong, with its path."""


class ProviderConfigError(ConfigError):
    """The file of providers cannot be used."""


class FolderError(ConfigError):
    """Files of results that make no fleet. The message names the file and the field."""


class RunNotFound(NotFound):
    """There is no such fleet run."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=404)


class ResultsNotReady(BenchfleetError):
    """The run has not ended: its results come later."""

    exit_code = exit_codes.INVALID_CONFIG  # as every request that does not fit the run's state


class WaitTimeout(TimedOut):
    """The run has not ended in time. It goes on."""


class RunnerLost(BenchfleetError):
    """The runner of a run on this machine ends again and again."""
