"""What can go wrong with a fleet; each has an exit code of its own. `RunFailed` is that of `benchfleet.exceptions`."""

from benchfleet import exit_codes
from benchfleet.exceptions import BenchfleetError, ConfigError, TimedOut

CONFIG, MANIFEST, WAIT_TIMEOUT = 3, 4, exit_codes.WAIT_TIMEOUT


class ManifestError(ConfigError):
    """The manifest or one of its datasets cannot be used. `problems` is everything that is wrong, with its path."""

    exit_code = MANIFEST


class ProviderConfigError(ConfigError):
    """The file of providers cannot be used."""

    exit_code = CONFIG


class RunNotFound(BenchfleetError):
    """There is no such fleet run."""

    exit_code = 1


class ResultsNotReady(BenchfleetError):
    """The run has not ended: its results come later."""

    exit_code = 1


class WaitTimeout(TimedOut):
    """The run has not ended in time. It goes on."""

    exit_code = WAIT_TIMEOUT
