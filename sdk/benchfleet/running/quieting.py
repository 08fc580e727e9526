"""Before runners start here: is the machine quiet enough to measure on? Says so, and waits when asked to."""

from collections.abc import Callable

from benchfleet.exceptions import TimedOut
from benchfleet.local.quiet import Noise
from benchfleet.watch.polling import Clocks

LOOK_EVERY_S = 2.0
TELL_EVERY_S = 30.0


def require_quiet(
    look: Callable[[], Noise], *, patience_s: float | None, tell: Callable[[str], None], clocks: Clocks
) -> None:
    """Without patience a busy machine is only told. Raises TimedOut if it is still busy after `patience_s` seconds."""
    found = look()
    if not found.is_busy:
        return
    if patience_s is None:
        tell(
            f"This machine is busy ({found}; quiet is below {found.quiet_below:.2f}): other work will be in the numbers. "
            "End it, or wait with --wait-for-quiet"
        )
        return
    _wait(look, patience_s, tell, clocks)


def _wait(look: Callable[[], Noise], patience_s: float, tell: Callable[[str], None], clocks: Clocks) -> None:
    began, told = clocks.clock(), -TELL_EVERY_S
    while (found := look()).is_busy:
        waited = clocks.clock() - began
        if waited >= patience_s:
            raise TimedOut(
                f"this machine was busy for {patience_s:g} s ({found}; quiet is below {found.quiet_below:.2f}), and "
                "nothing was started: end other work, wait longer (--wait-for-quiet SECONDS), or leave the option out"
            )
        if waited - told >= TELL_EVERY_S:
            told = waited
            left = f"{waited:.0f} of at most {patience_s:g} s"
            tell(f"Waiting for a quiet machine: {found}, quiet is below {found.quiet_below:.2f} ({left})")
        clocks.sleep(min(LOOK_EVERY_S, patience_s - waited))
    tell(f"The machine is quiet: {found}")
