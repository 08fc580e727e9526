"""Every error of this package.

BenchfleetError            exit code 3 unless said otherwise
├── ApiError               a response that refuses: status, code, words of the server; or one that cannot be read
│   ├── AuthError          401, 403: exit code 4
│   ├── NotFound           404: no such run or task: exit code 2
│   │   └── RunUnknown     a run that was made is not known any more where it should be: exit code 3
│   ├── Conflict           409, and "the run is not running": exit code 5
│   ├── InvalidRequest     400, 413, 415, 422: with a list of problems: exit code 5
│   └── ServerError        429 and 5xx, after all repeats: later it may work
├── Unreachable            no response at all
├── ArchiveError           the archive is not there, is damaged, or is unsafe to unpack
├── DiskError              a file of ours cannot be written: a full disk, no permission
├── UsageError             an invalid URL, key, id or path: exit code 2
├── ConfigError            a config file is missing or invalid: exit code 5
├── RunFailed              the run, or some of its tasks, failed: exit code 1
└── TimedOut               it took longer than was allowed: exit code 124
"""

from collections.abc import Sequence

from benchfleet import exit_codes

TYPE_CHECKING = False  # the command line imports this file before it knows what it will need
if TYPE_CHECKING:
    from benchfleet_contract.problems import Problem


class BenchfleetError(Exception):
    """Something went wrong on our side."""

    exit_code = exit_codes.INFRASTRUCTURE


class ApiError(BenchfleetError):
    """The API refused. `status` is HTTP's, `code` the server's word for programs (may be empty).

    `repeated` says that an earlier try of the same request got no answer, so that it may have been carried out.
    """

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.repeated = False


class AuthError(ApiError):
    """The key is missing, unknown, or not allowed to do this."""

    exit_code = exit_codes.AUTH


class NotFound(ApiError):
    """The API knows no such run, task or route."""

    exit_code = exit_codes.USAGE


class RunUnknown(NotFound):
    """The control plane does not know a run that was made: it was deleted there, or this is another control plane."""

    exit_code = exit_codes.INFRASTRUCTURE


class Conflict(ApiError):
    """What was asked does not fit what is there: an id that is taken, a run that has ended."""

    exit_code = exit_codes.INVALID_CONFIG


class InvalidRequest(ApiError):
    """The API understood and refused what was asked. `problems` names each field, as far as the server did."""

    exit_code = exit_codes.INVALID_CONFIG

    def __init__(self, message: str, *, status: int, code: str = "", problems: "Sequence[Problem]" = ()) -> None:
        super().__init__(message, status=status, code=code)
        self.problems = tuple(problems)


class ServerError(ApiError):
    """The API cannot answer now. `retry_after_s` is when it asked us to come back, if it did."""

    def __init__(self, message: str, *, status: int, code: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, status=status, code=code)
        self.retry_after_s = retry_after_s


class Unreachable(BenchfleetError):
    """The API did not answer. `sent` is False if the request certainly never reached it."""

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class ArchiveError(BenchfleetError):
    """An archive is not there, is damaged, or holds what must not be unpacked."""


class DiskError(BenchfleetError):
    """A file cannot be written."""


class UsageError(BenchfleetError):
    """An argument is invalid."""

    exit_code = exit_codes.USAGE


class ConfigError(BenchfleetError):
    """A config file cannot be used. `problems` names each field that is wrong, all at once."""

    exit_code = exit_codes.INVALID_CONFIG

    def __init__(self, message: str, *, problems: "Sequence[Problem]" = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class RunFailed(BenchfleetError):
    """The run, or some of its tasks, failed."""

    exit_code = exit_codes.FAILED


class TimedOut(BenchfleetError):
    """It took longer than was allowed."""

    exit_code = exit_codes.TIMEOUT
