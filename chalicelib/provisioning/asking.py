"""One way to ask AWS: whatever botocore raises becomes LaunchFailed, with the clock's error where that is the reason."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore import exceptions

from chalicelib.domain.launches import LaunchFailed
from chalicelib.provisioning.failures import failure

CLOCK_CODES = frozenset(
    {"RequestExpired", "SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed"}
)
CLOCK_TOLERANCE_S = 60  # AWS refuses from five minutes on
_CREDENTIALS = (
    exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.CredentialRetrievalError,
    exceptions.TokenRetrievalError, exceptions.SSOError, exceptions.ProfileNotFound,
)  # fmt: skip


@contextmanager
def asking(where: str) -> Iterator[None]:
    """`where` begins the words of a failure: what was asked for, and in which region."""
    try:
        yield
    except exceptions.ClientError as error:
        raise of_answer(error, where=where) from error
    except exceptions.BotoCoreError as error:
        raise _of_way(error, where=where) from error


def code_of(error: exceptions.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def of_answer(error: exceptions.ClientError, *, where: str, now: datetime | None = None) -> LaunchFailed:
    """What AWS's answer means. `now` is this machine's time."""
    found = error.response.get("Error", {})
    code, message = code_of(error), str(found.get("Message", ""))
    failed = failure(code, message, where=where)
    if code not in CLOCK_CODES:
        return failed
    off_s = _clock_error_s(error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}), now or datetime.now(UTC))
    if off_s is None or abs(off_s) < CLOCK_TOLERANCE_S:
        return failed
    how = f"{abs(off_s):,.0f} s {'ahead of' if off_s > 0 else 'behind'} AWS's"
    return LaunchFailed(
        "credentials", f"{where}: the clock here is {how} ({code})", "set the clock (NTP), then try again"
    )


def _clock_error_s(headers: Mapping[str, Any], now: datetime) -> float | None:
    """How far this clock is ahead of the one that dated the answer; None where the answer is not dated."""
    try:
        theirs = parsedate_to_datetime(str(headers.get("date", "")))
    except ValueError:
        return None
    return (now - theirs).total_seconds()


def _of_way(error: exceptions.BotoCoreError, *, where: str) -> LaunchFailed:
    """What came of a request that got no answer."""
    if isinstance(error, _CREDENTIALS):
        return LaunchFailed("credentials", f"{where}: {error}", "log in to AWS, or set AWS_PROFILE")
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return LaunchFailed(
            "network", f"{where}: AWS cannot be reached: {error}", "check the network and the region's name"
        )
    return LaunchFailed("invalid", f"{where}: {error}", "change what it names")
