"""Exit codes of `benchfleet models …`: 3 and 4 say what was found, so every error but wrong usage is 1 here."""

from collections.abc import Iterator
from contextlib import contextmanager

from benchfleet.exceptions import BenchfleetError, UsageError

NONE_FOUND, ALL_OVERLOADED = 3, 4


class AskingFailed(BenchfleetError):
    """The control plane was not reached, or refused."""

    exit_code = 1


@contextmanager
def errors_are_one() -> Iterator[None]:
    """Raises AskingFailed for every error of ours but UsageError."""
    try:
        yield
    except UsageError:
        raise
    except BenchfleetError as error:
        raise AskingFailed(str(error)) from error
