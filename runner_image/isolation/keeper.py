"""A command's keeper: runs one command and sees to it that nothing of it outlives its welcome.

Started by `kept.py` as a script of its own: `keeper.py CONTROL_FD REPORT_FD CORES GRACE_S -- COMMAND...`. CORES are numbers
with commas, or `-` for any. It writes the command's pid into the report pipe. It adopts every orphan below it
(PR_SET_CHILD_SUBREAPER), so that even a daemon that left its process group and session stays findable. All of them are
killed when the command ends, when the runner closes its end of the control pipe (before that it may write another grace
into it), and therefore also when the runner itself dies of SIGKILL: the kernel closes the pipe then. Should the keeper be
killed, the command gets SIGKILL from the kernel (PR_SET_PDEATHSIG).

Exit code: the command's; 128 + n for signal n; 126 and 127 for a command that cannot be started, as a shell has it.
Imports little, because it starts once per command: without `site` (`-S`), and without contextlib, which loads `collections`.
"""

import os
import select
import sys
import time

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    import signal
else:
    import _signal as signal  # `signal` makes enums of these numbers, which takes as long as Python's own start

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
ANY_CORE = "-"
POLL_S = 0.02  # between rounds of killing: what was killed takes a moment to disappear


def main(arguments: list[str]) -> int:
    control, report, cores, grace_s = int(arguments[0]), int(arguments[1]), arguments[2], float(arguments[3])
    os.set_inheritable(control, False)
    os.set_inheritable(report, False)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    _pin(cores)
    woken = _watch_signals()
    child = _start(arguments[5:])
    _tell(report, child)
    status = _wait(child, control=control, woken=woken)
    if status is None:
        status = _end_all(child, signal.SIGTERM, patience_s=_asked_grace_s(control, otherwise=grace_s))
    late = _end_all(child, signal.SIGKILL, patience_s=None)
    status = late if status is None else status
    if status is None:
        return 128 + signal.SIGKILL
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _pin(cores: str) -> None:
    if cores != ANY_CORE and hasattr(os, "sched_setaffinity"):
        try:
            os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
        except OSError:  # a core that went away, or a sandbox that forbids it: run unpinned
            pass


def _tell(report: int, child: int) -> None:
    try:
        os.write(report, str(child).encode())
    except BrokenPipeError:  # nobody wants to know
        pass
    os.close(report)


def _asked_grace_s(control: int, *, otherwise: float) -> float:
    """What the runner wrote before it closed its end; a runner that died wrote nothing."""
    return float(os.read(control, 64) or otherwise)


def _watch_signals() -> int:
    """A descriptor that becomes readable when a child ends. The signals of a terminal are the runner's affair."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    os.set_blocking(readable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    return readable


def _start(command: list[str]) -> int:
    keeper = os.getpid()
    child = os.fork()
    if child == 0:
        _become(command, keeper=keeper)
    return child


def _become(command: list[str], *, keeper: int) -> None:
    code = 126
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == keeper:  # else it died before the line above
            os.execvp(command[0], command)  # noqa: S606  a shell is the last thing wanted here
    except OSError as error:
        code = 127 if isinstance(error, FileNotFoundError) else 126
        os.write(1, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(code)


def _wait(child: int, *, control: int, woken: int) -> int | None:
    """The wait status of the child once it has ended; None if the runner wants it dead first."""
    while True:
        readable, _, _ = select.select([control, woken], [], [])
        if woken in readable:
            try:
                os.read(woken, 4096)
            except BlockingIOError:
                pass
        status = _reap().get(child)
        if status is not None or control in readable:
            return status


def _end_all(child: int, number: int, *, patience_s: float | None) -> int | None:
    """Signals everything below until nothing is left or time is up; the child's wait status if it ended here."""
    ends = None if patience_s is None else time.monotonic() + patience_s
    status: int | None = None
    told = False
    while _alive() and (ends is None or time.monotonic() < ends):
        if not told:
            _signal_all(number)
            told = number != signal.SIGKILL  # once, so that an orderly end may start processes; killing goes on
        time.sleep(POLL_S)
        status = _reap().get(child, status)
    return status


def _alive() -> bool:
    """Whether anything is left: every orphan below becomes our child, so "no child" means "nothing"."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _signal_all(number: int) -> None:
    if "psutil" not in sys.modules:  # what knows where it is, is left out at the start
        import site

        site.main()
    import psutil

    for process in psutil.Process().children(recursive=True):
        try:
            os.kill(process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass


def _reap() -> dict[int, int]:
    ended: dict[int, int] = {}
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended[pid] = status
    except ChildProcessError:
        pass
    return ended


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
