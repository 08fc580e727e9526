"""`docker` of a machine that has no engine: docker.py FOLDER URL [ARGUMENT...]. A container is a runner's process.

Commands and options are docker's; one that docker does not have is refused as docker refuses it. `FOLDER/docker.json` says
how a runner is started: `runner` (its command, to which the host's name and the image's arguments are added) and
`environment`. What is mounted, limited or labelled has no effect, since there is no container; CPUs have.

A container in the foreground becomes the runner itself, so a signal reaches it once, from whoever sends it.
"""

import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
# Scripts beside this one.
from docker_containers import Containers  # type: ignore
from docker_words import PLAIN, SHORT, VALUED, Reader, Refused, given, pin, signal_number  # type: ignore
from machine import ask  # type: ignore

STOP_S = 10.0
LOOK_S = 0.1
RUN = Reader("run", valued=VALUED, plain=PLAIN, short=SHORT)
LOGIN = Reader(
    "login",
    valued={"--username", "--password"},
    plain={"--password-stdin"},
    short={"-u": "--username", "-p": "--password"},
)
PULL = Reader("pull", valued={"--platform"}, plain={"--quiet"}, short={"-q": "--quiet"})
STOP = Reader("stop", valued={"--time", "--timeout", "--signal"}, short={"-t": "--time", "-s": "--signal"})
KILL = Reader("kill", valued={"--signal"}, short={"-s": "--signal"})
LOGS = Reader(
    "logs", valued={"--tail", "--since"}, plain={"--timestamps"}, short={"-n": "--tail", "-t": "--timestamps"}
)
PS = Reader(
    "ps",
    valued={"--filter", "--format"},
    plain={"--all", "--quiet", "--no-trunc"},
    short={"-a": "--all", "-q": "--quiet", "-f": "--filter"},
)
RM = Reader("rm", plain={"--force", "--volumes"}, short={"-f": "--force", "-v": "--volumes"})
WAIT, INFO = Reader("wait"), Reader("info", valued={"--format"}, short={"-f": "--format"})


class Docker:
    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder / "docker", url
        self._folder.mkdir(exist_ok=True)
        self._containers = Containers(self._folder)
        self._how: dict[str, Any] = json.loads((folder / "docker.json").read_text())

    def login(self, words: list[str]) -> int:
        found, rest = LOGIN.read(words)
        password = sys.stdin.read().strip() if "--password-stdin" in found else found.get("--password", [""])[0]
        if "--username" not in found or not password:
            raise Refused("Error: Cannot perform an interactive login from a non TTY device")
        self._add("registries", rest[0] if rest else "docker.io")
        print("Login Succeeded")
        return 0

    def pull(self, words: list[str]) -> int:
        _, rest = PULL.read(words)
        if len(rest) != 1:
            raise Refused("'docker pull' requires 1 argument")
        return self._pull(rest[0])

    def run(self, words: list[str]) -> int:
        found, rest = RUN.read(words)
        if not rest or "--entrypoint" in found:
            raise Refused("docker: without an engine a container is an image's own program, and its arguments", 125)
        image, *arguments = rest
        if image not in self._lines("images") and self._pull(image):
            return 125
        name, host = (found.get(option, [secrets.token_hex(6)])[0] for option in ("--name", "--hostname"))
        if self._containers.there(name):
            raise Refused(
                f'docker: Error response from daemon: Conflict. The container name "/{name}" is already in use.', 125
            )
        pin(found.get("--cpuset-cpus", [""])[0])
        command, environment = [*self._how["runner"], host, *arguments], {**self._how["environment"], **given(found)}
        if "--detach" in found:
            return self._detach(name, command, environment, passing="--rm" in found)
        self._containers.note(name, os.getpid(), passing="--rm" in found)
        become(command, environment, silent="--interactive" not in found)
        return 126

    def stop(self, words: list[str]) -> int:
        found, names = STOP.read(words)
        grace_s = float((found.get("--time") or found.get("--timeout") or [str(STOP_S)])[0])
        for name in self._known(names):
            self._containers.send(name, signal_number(found.get("--signal", ["TERM"])[0]))
        until = time.monotonic() + grace_s
        for name in names:
            while self._containers.alive(name) and time.monotonic() < until:
                time.sleep(LOOK_S)
            self._containers.send(name, signal.SIGKILL)
            print(name)
        return 0

    def kill(self, words: list[str]) -> int:
        found, names = KILL.read(words)
        number, code = signal_number(found.get("--signal", ["KILL"])[0]), 0
        for name in names:
            if self._containers.alive(name):
                self._containers.send(name, number)
                print(name)
            else:
                print(
                    f"Error response from daemon: Cannot kill container: {name}: No such container: {name}",
                    file=sys.stderr,
                )
                code = 1
        return code

    def wait(self, words: list[str]) -> int:
        for name in self._known(WAIT.read(words)[1]):
            code = self._containers.file(name, "exit")
            while self._containers.alive(name) or not code.exists():
                time.sleep(LOOK_S)
            print(code.read_text())
        return 0

    def logs(self, words: list[str]) -> int:
        for name in self._known(LOGS.read(words)[1]):
            log = self._containers.file(name, "log")
            sys.stdout.write(log.read_text(errors="replace") if log.exists() else "")
        return 0

    def ps(self, words: list[str]) -> int:
        found, _ = PS.read(words)
        is_shown = self._containers.there if "--all" in found else self._containers.alive
        for name in filter(is_shown, self._containers.names()):
            print(name)
        return 0

    def rm(self, words: list[str]) -> int:
        found, names = RM.read(words)
        for name in names if "--force" in found else self._known(names):
            self._containers.send(name, signal.SIGKILL)
            self._containers.forget(name)
            print(name)
        return 0

    def info(self, words: list[str]) -> int:
        INFO.read(words)
        print("Server Version: none; containers are processes of the emulator's machine")
        return 0

    version = info

    def _pull(self, image: str) -> int:
        code, out, err = ask(self._url, "pull", [image, *self._lines("registries")])
        sys.stdout.buffer.write(out)
        sys.stderr.buffer.write(err)
        if code == 0:
            self._add("images", image)
        return int(code)

    def _lines(self, name: str) -> list[str]:
        path = self._folder / name
        return path.read_text().splitlines() if path.exists() else []

    def _add(self, name: str, line: str) -> None:
        with open(self._folder / name, "a") as file:
            print(line, file=file)

    def _known(self, names: list[str]) -> list[str]:
        for name in names:
            if not self._containers.there(name):
                raise Refused(f"Error response from daemon: No such container: {name}")
        return names

    def _detach(self, name: str, command: list[str], environment: Mapping[str, str], *, passing: bool) -> int:
        record = self._containers.file(name, "json")
        if os.fork():
            while not record.exists():
                time.sleep(LOOK_S / 10)
            print(secrets.token_hex(32))
            return 0
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # whoever ends the machine tells the container itself, too
        log = os.open(self._containers.file(name, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            become(command, environment, silent=True)
        self._containers.note(name, child, passing=passing)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        self._containers.file(name, "exit").write_text(str(128 - code if code < 0 else code))
        os._exit(0)


COMMANDS = ("login", "pull", "run", "stop", "kill", "wait", "logs", "ps", "rm", "info", "version")


def become(command: list[str], environment: Mapping[str, str], *, silent: bool) -> None:
    """Does not return. `silent`: with nothing on its standard input."""
    if silent:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout.flush()
    os.execve(command[0], command, environment)  # noqa: S606  the runner itself, so that signals reach it


def main(folder: str, url: str, *words: str) -> int:
    command = words[0] if words else ""
    if command not in COMMANDS:
        print(f"docker: unknown command: docker {command}\n\nRun 'docker --help' for more information", file=sys.stderr)
        return 1
    try:
        return int(getattr(Docker(Path(folder), url), command)(list(words[1:])))
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return int(refusal.code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
