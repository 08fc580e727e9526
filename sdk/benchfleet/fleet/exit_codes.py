"""What the exit codes of `benchfleet fleet …` mean. They are its own: those of other commands give 3, 4 and 5 another meaning."""

from benchfleet import exceptions, exit_codes
from benchfleet.fleet import errors

OK, FAILED, USAGE = exit_codes.OK, exit_codes.FAILED, exit_codes.USAGE
CONFIG, MANIFEST, PROVIDER, BUDGET, THRESHOLD, WAIT_TIMEOUT = 3, 4, 5, 6, 7, 8
INFRASTRUCTURE, AUTH = 9, 10

MEANINGS = {
    OK: "success; with a threshold: it is met",
    FAILED: "the run failed or was cancelled, or (without a threshold) some of its tests did not succeed",
    USAGE: "invalid usage of the command line, or there is no such run",
    CONFIG: "the file of providers, or benchfleet's own config, is invalid",
    MANIFEST: "the manifest, a dataset or a file of results is invalid",
    PROVIDER: "a provider answered none of its tests: no key, a refused one, no answer",
    BUDGET: "`max_cost` is used up: some tests were not sent",
    THRESHOLD: "a threshold (`--min-success-rate`, `--min-pass-rate`) is not met",
    WAIT_TIMEOUT: "the run has not ended, or not in time; it goes on",
    INFRASTRUCTURE: "infrastructure: no response of the control plane or its storage, a full disk",
    AUTH: "the control plane's key is missing, unknown or not allowed to do this",
}

_BY_KIND: tuple[tuple[type[BaseException], int], ...] = (  # the first that fits
    (errors.ManifestError, MANIFEST),
    (errors.FolderError, MANIFEST),
    (exceptions.InvalidRequest, MANIFEST),
    (exceptions.ConfigError, CONFIG),
    (errors.ResultsNotReady, WAIT_TIMEOUT),
    (exceptions.TimedOut, WAIT_TIMEOUT),
    (exceptions.AuthError, AUTH),
    (exceptions.RunUnknown, INFRASTRUCTURE),
    (errors.RunNotFound, USAGE),
    (exceptions.NotFound, USAGE),
    (exceptions.UsageError, USAGE),
    (exceptions.Conflict, FAILED),
    (exceptions.RunFailed, FAILED),
)


def code_of(error: BaseException) -> int:
    """The exit code of a command that ends with this error."""
    return next((code for kind, code in _BY_KIND if isinstance(error, kind)), INFRASTRUCTURE)
