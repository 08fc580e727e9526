"""The process that tests/prepared_start.py forks programs from: `python -m tests.prepared_parent FD`.

It imports what a program needs when it is first asked for it, and nothing else: it starts no thread and makes no client, and
refuses to fork once it has a second thread. Every request is one message with the files that become stdin, stdout and stderr.
The answer is the pid. A process in between ends at once, so that the new one is adopted by who asked.
"""

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import random
import runpy
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import Any, NoReturn

from tests.document_kinds import document_kinds
from tests.prepared_start import MOST_BYTES, SWITCH, entry_of, fork_from

_HTTP = ("benchfleet.client", "httpcore", "h11", "certifi", "encodings.idna", "anyio")
_FIRST_RUN = (  # what an emulator imports late, from its first request to its first archive
    "aws_lambda_powertools.metrics", "benchfleet_contract.workloads.mock", "boto3.dynamodb.conditions", "boto3.s3.inject",
    "chalicelib.archive.build", "chalicelib.archive.s3", "chalicelib.archive.summary", "chalicelib.services.keyring",
    "chalicelib.services.registry.sweep_executors", "chalicelib.services.runs.build_archive",
    "chalicelib.services.runs.count_changes", "chalicelib.services.runs.create_run", "chalicelib.services.runs.present",
    "chalicelib.services.runs.read_runs", "chalicelib.services.runs.sweep",
    "chalicelib.services.schedules.sweep_schedules", "chalicelib.services.tasks.claim_task",
    "chalicelib.services.tasks.finish_task", "chalicelib.store.launches", "chalicelib.store.registry.executors",
    "chalicelib.store.runs", "chalicelib.store.schedules", "chalicelib.store.tasks", "moto.s3.responses",
    "moto.scheduler.responses", "moto.sqs.responses",
)  # fmt: skip
PREPARED = {
    "local_emulator": ("benchfleet.cli.frame", "local_emulator.command", "local_emulator.announce", "local_emulator.stack",
                       "local_emulator.ready_file", "app", "chalicelib.store.keys", "chalicelib.store.schema",
                       "moto.s3.models", "moto.sqs.models", "moto.events.models", "moto.scheduler.models",
                       "pydantic.type_adapter", *_FIRST_RUN),
    "runner_image": ("typer", "runner_image.command", "runner_image.runner", "runner_image.workloads.registry",
                     "pydantic.type_adapter", *_HTTP),
    "benchfleet.cli.main": ("benchfleet.cli.frame", "benchfleet.cli.output", "pydantic.type_adapter", "rich.table"),
}  # fmt: skip
COMMANDS_LATE = {  # what a command imports only once it has something to do, by its first word
    "run": (*_HTTP, "benchfleet.cli.progress", "benchfleet.cli.run_ending", "benchfleet.cli.run_menu", "benchfleet.config",
            "benchfleet.running.driver", "benchfleet.running.providers.local", "benchfleet.running.session",
            "benchfleet.cli.report_tables", "benchfleet.report.analysis", "benchfleet.report.reading"),
    "emulator": PREPARED["local_emulator"],
    "runs": (*_HTTP, "benchfleet.cli.progress", "benchfleet.cli.documents.runs"),
}  # fmt: skip
ACCOUNT = ("local_emulator.account.command", "moto.cloudformation.models")  # the second brings what stacks are made of
_prepared: set[str] = set()
_randoms: list[random.Random] = []


def serve(asking: socket.socket) -> None:
    """Until the other side is gone."""
    while True:
        message, files, _, _ = socket.recv_fds(asking, MOST_BYTES, 3)
        if not message:
            return
        request = json.loads(message)
        prepare(request["argv"])
        for words in inner(request):
            prepare([sys.executable, "-m", *words.split()])
        pid = adopted(request, files, asking)
        for file in files:
            os.close(file)
        asking.send(str(pid).encode())


def prepare(argv: Sequence[str]) -> None:
    """Imports, once, what this command line will."""
    entry = entry_of(argv) or ""
    wanted = {*PREPARED[entry], *commands_of(argv[3:] if entry == "benchfleet.cli.main" else [])}
    wanted |= set(ACCOUNT if "--account" in argv else ())
    wanted -= _prepared
    if not wanted:
        return
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # as the programs do
    gc.disable()  # else it looks at what is read from large files again and again
    for module in sorted(wanted):
        importlib.import_module(module)
    gc.enable()
    for module in PREPARED:  # else `-m` warns that they are here already
        sys.modules.pop(module if "." in module else f"{module}.__main__", None)
    if "local_emulator.stack" in wanted:
        _know_regions()
    for kind in document_kinds():  # else each program builds the checks of those that it meets
        kind.model_rebuild()
    _prepared.update(wanted)
    gc.unfreeze()
    gc.collect()
    _randoms[:] = [one for one in gc.get_objects() if issubclass(type(one), random.Random)]
    gc.freeze()  # a collection in a child would copy every page


def _know_regions() -> None:
    """moto asks botocore for them when it makes the first queue, and keeps the session that it asks with."""
    from moto.core.base_backend import AccountSpecificBackend

    session = AccountSpecificBackend.get_session()
    for partition in session.get_available_partitions():
        session.get_available_regions("sqs", partition_name=partition)


def commands_of(words: Sequence[str]) -> set[str]:
    """The module of the command that `benchfleet` with these words runs, and what that imports late."""
    from benchfleet.cli.commands import COMMANDS
    from benchfleet.cli.lazy import Group

    entry: Any = COMMANDS.get(words[0]) if words else None
    if isinstance(entry, Group):
        entry = entry.entries.get(words[1]) if len(words) > 1 else None
    return {entry.target.partition(":")[0], *COMMANDS_LATE.get(words[0], ())} if entry else set()


def inner(request: dict[str, Any]) -> list[str]:
    """What the program is to fork where it would start it."""
    return [words for words in request["env"].get(SWITCH, "").split(",") if words]


def adopted(request: dict[str, Any], files: Sequence[int], asking: socket.socket) -> int:
    """The pid of a new process whose parent is who asked."""
    if len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError("an import has started a thread: it must not be prepared")
    told, telling = os.pipe()
    between = os.fork()
    if between == 0:
        pid, before = 0, os.getpid()
        with contextlib.suppress(BaseException):
            pid = os.fork()
            if pid == 0:
                become(request, files, until_parent_is_not=before)
            os.write(telling, str(pid).encode())
        os._exit(0)
    os.close(telling)
    os.waitpid(between, 0)
    with open(told, "rb") as pipe:
        return int(pipe.read())


def become(request: dict[str, Any], files: Sequence[int], *, until_parent_is_not: int) -> NoReturn:
    while os.getppid() == until_parent_is_not:
        time.sleep(0.0005)
    if request["session"]:
        os.setsid()
    ours = _copy_beside() if inner(request) else None
    for number, file in enumerate(files):
        os.dup2(file, number)
    _close_all_but(ours)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update({name: value for name, value in request["env"].items() if name != SWITCH})
    if ours:
        fork_from(ours)
    tempfile.tempdir = None
    for one in _randoms:
        one.seed()
    _take_streams()
    _end(_code_of(request["argv"]))


def _copy_beside() -> socket.socket:
    """The socket to a copy of the prepared parent, a child of this process that ends when this one has."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork():
        return ours
    _close_all_but(theirs)
    with contextlib.suppress(BaseException):
        serve(theirs)
    os._exit(0)


def _close_all_but(one: socket.socket | None) -> None:
    """Beside the three streams."""
    kept = one.fileno() if one else 3
    os.closerange(3, kept)
    os.closerange(kept + (one is not None), 256)


def _take_streams() -> None:
    """Python's own streams anew, on the new files."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        old = getattr(sys, name)
        at_once = old.write_through  # PYTHONUNBUFFERED
        size = 0 if at_once and mode == "w" else -1
        binary: Any = open(number, f"{mode}b", buffering=size, closefd=False)  # noqa: SIM115  # it stays
        getattr(binary, "raw", binary).name = f"<{name}>"
        lines = not at_once and (name == "stderr" or os.isatty(number))
        stream: Any = io.TextIOWrapper(
            binary, encoding=old.encoding, errors=old.errors, newline="\n", line_buffering=lines, write_through=at_once
        )
        stream.mode = mode
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _code_of(argv: Sequence[str]) -> int:
    """Runs it as Python would, and gives the exit code."""
    sys.orig_argv[:] = argv
    sys.argv = [argv[1], *argv[3:]]
    sys.path[0] = os.getcwd() if argv[1] == "-m" else ""
    try:
        if argv[1] == "-m":
            runpy.run_module(argv[2], run_name="__main__", alter_sys=True)
        else:
            exec(compile(argv[2], "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        return _as_code(end.code)
    except KeyboardInterrupt:
        sys.excepthook(*sys.exc_info())
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _as_code(code: object) -> int:
    if code is None or isinstance(code, int):
        return (code or 0) & 0xFF
    print(code, file=sys.stderr)
    return 1


def _end(code: int) -> NoReturn:
    """As Python ends, without freeing what is in memory."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = 120  # Python's own for this
    os._exit(code)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as asking, contextlib.suppress(KeyboardInterrupt):
        serve(asking)
