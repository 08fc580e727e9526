"""The API: does it answer, whose clock is right, what may the key do. Nothing is changed by asking."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from benchfleet_contract.http_dates import http_date
from benchfleet_contract.identity import WhoAmI
from pydantic import ValidationError

from benchfleet.doctor.check import Check, fail, ok, warn

PATIENCE_S = 10.0
WARN_SKEW_S = 30.0
FAIL_SKEW_S = 600.0  # S3 refuses what is off by a quarter of an hour
CLOCK_REMEDY = "set this machine's clock, e.g. with chrony or systemd-timesyncd"
URL_REMEDY = "`benchfleet emulator` starts one here; name it with --api-url, BENCHFLEET_URL or `benchfleet login`"
UNABLE_REMEDY = (
    "it is there, and cannot work: its answer and its log say why, perhaps a full disk under `emulator --state`"
)
KEY_REMEDY = "name one in BENCHFLEET_API_KEY, or keep it with `benchfleet login`"


@dataclass(frozen=True)
class Answer:
    """`date` is the header as it came, empty if there was none."""

    status: int
    date: str
    body: bytes = b""


Ask = Callable[[str], Answer]  # GET of a path


def asking(api_url: str, key: str | None) -> Ask:
    """Asks over HTTP. The result raises OSError if nobody answers."""
    import httpx

    from benchfleet.api.refusals import plain

    headers = {"Authorization": f"Bearer {key}"} if key else {}

    def ask(path: str) -> Answer:
        try:
            got = httpx.get(api_url.rstrip("/") + path, headers=headers, timeout=PATIENCE_S)
        except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise OSError(plain(error)) from error
        return Answer(got.status_code, got.headers.get("Date", ""), got.content)

    return ask


def control_plane(api_url: str, key: str | None, *, ask: Ask, now: Callable[[], datetime]) -> Iterator[Check]:
    """Up, clock, key. A control plane that does not answer is the only answer then."""
    try:
        answer = ask("/up")
    except OSError as error:
        yield fail("api", f"{api_url} does not answer: {error}", remedy=URL_REMEDY)
        return
    if answer.status == 503:
        yield fail("api", f"{api_url}/up answers 503", remedy=UNABLE_REMEDY)
        return
    if answer.status != 200:
        yield fail("api", f"{api_url}/up answers {answer.status}", remedy="is that a benchfleet API? " + URL_REMEDY)
        return
    yield ok("api", api_url)
    yield from _clock_now(answer.date, now)
    yield key_role(key, ask=ask)


def _clock_now(date: str, now: Callable[[], datetime]) -> Iterator[Check]:
    """A clock can be set to what no calendar has."""
    try:
        ours = now()
    except (ValueError, OverflowError, OSError) as error:
        yield fail("clock", f"this machine's clock gives an invalid date: {error}", remedy=CLOCK_REMEDY)
        return
    yield from clock(date, now=ours)


def clock(date: str, *, now: datetime) -> Iterator[Check]:
    """This machine's clock beside the API's. The header has whole seconds: one of difference says nothing."""
    if (theirs := http_date(date)) is None:
        return
    off_s = (now - theirs).total_seconds()
    said = f"{abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} the API's"
    if abs(off_s) > FAIL_SKEW_S:
        yield fail("clock", said, remedy=CLOCK_REMEDY)
    elif abs(off_s) > WARN_SKEW_S:
        yield warn("clock", said, remedy=CLOCK_REMEDY)
    else:
        yield ok("clock", "as the API's")


def key_role(key: str | None, *, ask: Ask) -> Check:
    """Which role the key has."""
    if not key:
        return warn("key", "none: only reading, and only where reading is public", remedy=KEY_REMEDY)
    try:
        return _role(ask)
    except OSError as error:
        return warn("key", f"not judged: {error}", remedy="try again")


def _role(ask: Ask) -> Check:
    answer = ask("/whoami")
    if answer.status == 401:
        return fail("key", "refused: the API does not know it", remedy=KEY_REMEDY)
    if answer.status in (403, 404):
        return warn("key", "not checked: this control plane is older and has no GET /whoami", remedy="upgrade it")
    try:
        who = WhoAmI.model_validate_json(answer.body if answer.status == 200 else b"")
    except ValidationError:
        return warn("key", f"not judged: the API answered {answer.status}", remedy="try again")
    if "manage_runs" in who.may:
        return ok("key", f"accepted, role {who.role}, id {who.key_id}")
    may = "claims tasks" if "run_tasks" in who.may else "reads"
    return warn("key", f"accepted, role {who.role}, id {who.key_id}: it only {may}", remedy="runs need an admin key")
