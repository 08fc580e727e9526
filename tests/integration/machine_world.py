"""A machine of the cloud for its script: bash runs it with a PATH of small programs that record and obey, and no others.

What a laptop must not do (shutdown, docker, aws, curl …) is a shell script here; `awk`, `date` and the like are the real
ones, by links. Nothing else can be started, so no mistake of the script reaches the machine that tests it.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import PIPE, STDOUT

from benchfleet_contract.machines.script import Machine, script

ENDS_S = 30.0
KEY = "runner-key-that-nobody-may-see"
REAL = ("awk", "cat", "cut", "grep", "mkdir", "tail", "tr", "uname")
ONE_CORE_EACH = "# comment\n" + "".join(f"{cpu},{cpu},0\n" for cpu in range(4))
TWO_THREADS = "".join(f"{cpu},{cpu % 4},{cpu % 4 // 2}\n" for cpu in range(8))  # CPU n and n + 4 are one core

_RECORD = r"""#!/bin/bash
IFS=$'\t'
printf '%s\n' "${0##*/}$IFS$*" >>"$WORLD/calls"
unset IFS
export -p >>"$WORLD/environments"
"""
_OBEY = 'if [ -e "$WORLD/fail-${0##*/}-$1" ]; then cat "$WORLD/fail-${0##*/}-$1" >&2; exit 1; fi\n'
_BODIES = {
    "aws": f'if [ "$1" = ssm ]; then echo {KEY}; elif [ "$1" = ecr ]; then echo registry-password; fi\n',
    "bash": 'exec /bin/bash "$@"\n',
    "curl": """
case "$*" in
  *api/token*) echo metadata-token ;;
  *instance-action*) [ -e "$WORLD/notice" ] && cat "$WORLD/notice" || exit 22 ;;
  *) for word; do case $word in @*) cat "${word#@}" >>"$WORLD/headers" ;; esac; done ;;
esac
""",
    "date": 'cat "$WORLD/now"\n',
    "docker": """
case $1 in
  login) cat >"$WORLD/password" ;;
  run)
    cat >>"$WORLD/keys-read"
    [ -e "$WORLD/spend" ] && cat "$WORLD/spend" >"$WORLD/now"
    while [ -e "$WORLD/busy" ]; do /bin/sleep 0.02; done
    if [ -e "$WORLD/stubborn" ]; then exit 143; fi
    ;;
  kill) if [ -e "$WORLD/stubborn" ] && [ ! -e "$WORLD/told" ]; then >"$WORLD/told"; else rm -f "$WORLD/busy"; fi ;;
esac
""",
    "lscpu": 'cat "$WORLD/topology"\n',
    "rm": 'exec /bin/rm "$@"\n',
    "sleep": "/bin/sleep 0.01\n",
}
_SILENT = ("dnf", "apt-get", "iptables", "poweroff", "shutdown", "systemctl")


@dataclass(frozen=True)
class Seen:
    """What the script did. `calls` are argument lists in order; `said` is what the machine's console showed."""

    code: int
    calls: list[list[str]]
    said: str
    texts: dict[str, str]

    def of(self, *beginning: str) -> list[list[str]]:
        return [call for call in self.calls if tuple(call[: len(beginning)]) == beginning]

    @property
    def reports(self) -> list[tuple[str, str]]:
        bodies = [json.loads(call[call.index("--data") + 1]) for call in self.of("curl") if "--data" in call]
        return [(body["phase"], body["message"]) for body in bodies]


class World:
    """A folder with the programs, and what each of them is to do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name, body in {**_BODIES, **dict.fromkeys(_SILENT, "")}.items():
            self.program(name, body)
        for name in REAL:
            (self.programs / name).symlink_to(shutil.which(name) or name)
        self.tell("now", "1800000000\n")
        self.tell("topology", ONE_CORE_EACH)

    def program(self, name: str, body: str) -> None:
        record = "#!/bin/bash\n" if name in ("bash", "date", "rm", "sleep") else _RECORD + _OBEY
        path = self.programs / name
        path.write_text(record + body)
        path.chmod(0o755)

    def tell(self, name: str, text: str = "") -> None:
        (self.folder / name).write_text(text)

    def fail(self, program: str, first: str, words: str = "") -> None:
        self.tell(f"fail-{program}-{first}", words)

    def run(
        self, machine: Machine, *, change: tuple[str, str] | None = None, stop: Callable[[], bool] | None = None
    ) -> Seen:
        """`change` replaces a line. The script gets SIGTERM as soon as `stop` holds."""
        text = script(machine)
        if change is not None:
            assert text.count(change[0]) == 1
            text = text.replace(*change)
        return self.run_text(text, stop=stop)

    def run_text(self, text: str, *, stop: Callable[[], bool] | None = None) -> Seen:
        self.tell("script", text)
        environment = {
            "PATH": str(self.programs),
            "WORLD": str(self.folder),
            "BENCHFLEET_FOLDER": str(self.folder / "run"),
        }
        with subprocess.Popen(
            ["/bin/bash", self.folder / "script"],
            cwd=self.folder,
            env=environment,
            stdout=PIPE,
            stderr=STDOUT,
            text=True,
        ) as process:
            ends = time.monotonic() + ENDS_S
            while stop is not None and not stop() and time.monotonic() < ends:
                time.sleep(0.02)
            if stop is not None:
                process.terminate()
            said, _ = process.communicate(timeout=ENDS_S)
        return Seen(process.returncode, self._calls(), said, self._texts())

    def phases(self) -> list[str]:
        return [json.loads(call[call.index("--data") + 1])["phase"] for call in self._calls() if "--data" in call]

    def _calls(self) -> list[list[str]]:
        path = self.folder / "calls"
        return [line.split("\t") for line in path.read_text().splitlines()] if path.exists() else []

    def _texts(self) -> dict[str, str]:
        files = [path for path in self.folder.rglob("*") if path.is_file() and path.parent != self.programs]
        return {os.path.relpath(path, self.folder): path.read_text() for path in files}


def on_ec2(**changes: object) -> Machine:
    """A machine as the control plane orders it, for half an hour."""
    machine = Machine(
        api_url="https://api.example/api",
        run_id="r-1",
        provider="aws",
        instance_type="c8g.xlarge",
        image="1.dkr.ecr.eu-west-1.amazonaws.com/benchfleet@sha256:" + "0" * 64,
        launch="bf-0a1b2c3d-1",
        name="bf-0a1b2c3d-1",
        expires_s=1_800_000_000 + 1_800,
        key_command="aws ssm get-parameter --name /benchfleet-dev/runner-key --with-decryption --output text",
        login_command="aws ecr get-login-password | docker login --password-stdin 1.dkr.ecr.eu-west-1.amazonaws.com",
        log_group="/benchfleet-dev/machines",
        log_region="eu-west-1",
    )
    return replace(machine, **changes)  # type: ignore[arg-type]
