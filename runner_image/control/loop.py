"""A slot's loop: claim, execute, claim again."""

from collections.abc import Callable
from uuid import uuid4

from benchfleet_contract import limits
from benchfleet_contract.tasks import AnyClaimRequest, ClaimReply, ClaimRequest

from runner_image.control.session import Claimed, NotFound, Session
from runner_image.control.shutdown import Drained, Shutdown
from runner_image.logs import Log
from runner_image.retries import Retrier, passing

IDLE_S = 30.0  # between polls of a runner that stays when nothing is left to do
MIN_WAIT_S, MOST_WAIT_S = 0.1, 3_600.0


def claimable_later(error: Exception) -> bool:
    """For claims: a runner often boots before its run exists."""
    return passing(error) or isinstance(error, NotFound)


class Claims:
    """One slot's requests for tasks. Each has a token of its own, so that a lost answer loses no task."""

    def __init__(self, session: Session, *, run_id: str | None, place: tuple[str, str], retry: Retrier) -> None:
        self._session, self._run_id, self._retry = session, run_id, retry
        self._provider, self._instance_type = place

    def next(self, runner_id: str, *, token: Callable[[], str] = lambda: uuid4().hex) -> Claimed:
        """The answer to a new request. Raises Drained, or a SessionError when patience is out or the key is wrong."""
        claim_token = token()
        return self._retry(
            lambda failures: self._once(runner_id, claim_token, again=failures > 0), worth=claimable_later
        )

    def _once(self, runner_id: str, token: str, *, again: bool) -> Claimed:
        kind = ClaimRequest if self._run_id else AnyClaimRequest
        request = kind(
            provider=self._provider,
            instance_type=self._instance_type,
            runner_id=runner_id,
            claim_token=token,
            retry=again,
            attempt_token=True,
        )
        return self._session.claim(self._run_id, request)


def work(
    claim: Callable[[], Claimed],
    *,
    process: Callable[[Claimed], None],
    shutdown: Shutdown,
    stay: bool,
    log: Log,
    rest: Callable[[Callable[[float], None]], None] = lambda _sleep: None,
) -> None:
    """Until nothing is left to do (with `stay`: for ever), or the runner is drained. Passes on what `claim` raises.

    `rest` is called with a way to sleep after each task; what it raises ends the slot.
    """
    try:
        while not shutdown.draining:
            nudges = shutdown.nudges
            claimed = claim()
            if claimed.reply.task is not None:
                process(claimed)
                shutdown.nudge()
                rest(shutdown.sleep)
                continue
            if claimed.reply.status == "done" and not stay:
                log.info("nothing_left", message=claimed.reply.message)
                return
            log.info("waiting", seconds=_wait_s(claimed.reply), message=claimed.reply.message)
            shutdown.rest(_wait_s(claimed.reply), since=nudges)
    except Drained:
        log.info("drained")


def _wait_s(reply: ClaimReply) -> float:
    if reply.status == "done":
        return IDLE_S
    asked_s = reply.retry_after_seconds
    return min(max(MIN_WAIT_S, limits.WAIT_RETRY_S if asked_s is None else asked_s), MOST_WAIT_S)
