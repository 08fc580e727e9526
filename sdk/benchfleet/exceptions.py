"""Every error of this package.

BenchfleetError            exit code 3 unless said otherwise
├── ApiError               an answer that refuses: status, code, words of the server
│   ├── AuthError          401, 403: exit code 4
│   └── InvalidRequest     400, 409, 413, 422: exit code 5
├── Unreachable            no answer at all
├── ArchiveError           the archive is damaged, or unsafe to unpack
├── ConfigError            a config file is missing or is no JSON object: exit code 5
├── RunFailed              the run, or some of its tasks, failed: exit code 1
└── TimedOut               it took longer than was allowed: exit code 124
"""

from benchfleet import exit_codes


class BenchfleetError(Exception):
    """Something went wrong on our side."""

    exit_code = exit_codes.INFRASTRUCTURE


class ApiError(BenchfleetError):
    """The API refused. `status` is HTTP's, `code` the server's word for programs (may be empty)."""

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class AuthError(ApiError):
    """The key is missing, unknown, or not allowed to do this."""

    exit_code = exit_codes.AUTH


class InvalidRequest(ApiError):
    """The API understood and refused what was asked."""

    exit_code = exit_codes.INVALID_CONFIG


class Unreachable(BenchfleetError):
    """The API did not answer."""


class ArchiveError(BenchfleetError):
    """An archive is damaged, or holds what must not be unpacked."""


class ConfigError(BenchfleetError):
    """A config file cannot be used."""

    exit_code = exit_codes.INVALID_CONFIG


class RunFailed(BenchfleetError):
    """The run, or some of its tasks, failed."""

    exit_code = exit_codes.FAILED


class TimedOut(BenchfleetError):
    """It took longer than was allowed."""

    exit_code = exit_codes.TIMEOUT
