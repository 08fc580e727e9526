"""What AWS's refusals mean for a deploy: the words that name the cause, the remedy, and the exit code."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from benchfleet import exit_codes
from benchfleet.deploy.errors import DeployError

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
_UNKNOWN = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
_CLOCK = {"RequestTimeTooSkewed", "RequestExpired", "SignatureDoesNotMatch", "InvalidSignatureException"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException"}
_QUOTA = re.compile(r"limit|quota|TooMany", re.IGNORECASE)
_BUSY = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
_LOGIN = "log in again (`aws sso login`, or fresh AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN)"
_SIGN_IN_ERRORS = {
    "NoCredentialsError": "no AWS credentials were found",
    "PartialCredentialsError": "the AWS credentials are incomplete",
    "CredentialRetrievalError": "the AWS credentials could not be fetched",
    "UnauthorizedSSOTokenError": "the AWS single sign-on session has expired",
    "SSOTokenLoadError": "there is no AWS single sign-on session",
    "TokenRetrievalError": "the AWS single sign-on session has expired",
}
_TOLERATED_S = 300  # by which a clock may be wrong for AWS to take a signature


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turns what botocore raises inside into DeployError. `doing` completes "while …"."""
    try:
        yield
    except refusals() as error:
        raise meaning(error, doing) from error


def refusals() -> tuple[type[Exception], ...]:
    """Whatever a call can raise: a refusal, no answer, or an answer that is not AWS's (a proxy's page)."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return ClientError, BotoCoreError, ResponseParserError


def code_of(error: Any) -> str:
    """AWS's word for a ClientError, empty for other errors."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def meaning(error: Any, doing: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> DeployError:
    """The error for the user. The message of AWS is passed on; it never holds a secret."""
    code, words = code_of(error), _words(error)
    if refused := _credentials(type(error).__name__, code):
        return DeployError(refused, remedy=_LOGIN, exit_code=exit_codes.AUTH)
    if code in _CLOCK:
        return _skew(error, now()) or DeployError(
            f"AWS does not take the signature of these credentials ({code}: {words})",
            remedy="check AWS_SECRET_ACCESS_KEY, and this machine's clock", exit_code=exit_codes.AUTH,
        )  # fmt: skip
    return _denied(words, doing) if code in _DENIED else _other(code, words, doing)


def _credentials(kind: str, code: str) -> str | None:
    """What is wrong with them, if that is it."""
    if code in _EXPIRED:
        return "the AWS credentials have expired"
    if code in _UNKNOWN:
        return f"AWS does not know these credentials ({code})"
    return _SIGN_IN_ERRORS.get(kind)


def _other(code: str, words: str, doing: str) -> DeployError:
    if not code:
        return DeployError(
            f"AWS does not answer while {doing}: {words}", remedy="check the network and the region's name"
        )
    if code == "OptInRequired":
        return DeployError(
            f"this account has not enabled a service or region ({words})", remedy="enable it in the console"
        )
    if code in _BUSY:
        return DeployError(f"AWS was too busy while {doing} ({code})", remedy="run the command again in a minute")
    if _QUOTA.search(code):
        return DeployError(
            f"a quota of the account is reached while {doing} ({code}: {words})",
            remedy="ask for more under Service Quotas in the console, or remove what is not needed",
        )
    return DeployError(
        f"AWS refused while {doing} ({code}: {words})", remedy="mend the cause and run the command again"
    )


def _denied(words: str, doing: str) -> DeployError:
    found = re.search(
        r"(?P<who>\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<on>\S+))?", words
    )
    if not found:
        problem, lacking = f"the permission is missing while {doing} ({words})", "the permission"
    else:
        on = f" on {found['on'].rstrip('.')}" if found["on"] else ""
        lacking = found["action"]
        problem = f"{found['who']} lacks the permission {lacking}{on} while {doing}"
    return DeployError(
        problem,
        remedy=f"add {lacking} to that user or role (docs/deploy.md lists what a deploy needs), or use another profile",
        exit_code=exit_codes.AUTH,
    )


def _skew(error: Any, now: datetime) -> DeployError | None:
    """None if the clocks agree, as far as the response tells: then it is the key that is wrong."""
    told = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        seconds = (now - parsedate_to_datetime(told)).total_seconds()
    except (TypeError, ValueError):
        seconds = 0.0
    if abs(seconds) < _TOLERATED_S:
        return None
    direction = "ahead of" if seconds > 0 else "behind"
    return DeployError(
        f"this machine's clock is {abs(seconds) / 60:.0f} minutes {direction} AWS's, which takes no such signature",
        remedy="set the clock (`timedatectl set-ntp true`) and run the command again",
    )


def _words(error: Any) -> str:
    told = getattr(error, "response", {}).get("Error", {}).get("Message") or str(error)
    return " ".join(str(told).split()).rstrip(".")
