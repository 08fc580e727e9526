"""The model as a process: `with serving() as server: server.base_url`."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from local_emulator.model.install import HERE, Model, Unavailable, install

READY_S, END_S = 60.0, 10.0
NAME = "smollm2-135m"
NAMES: Mapping[str, float] = MappingProxyType({NAME: 0.0})


@dataclass(frozen=True)
class Server:
    """`url` is without `/v1`. `log`: where it writes what went wrong."""

    url: str
    process: "subprocess.Popen[str]"

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def end(self) -> int:
        """By SIGTERM; by SIGKILL where that does not help. Its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def command(model: Model, *, names: Mapping[str, float] = NAMES, port: int = 0, threads: int = 1) -> list[str]:
    """`names`: the models that it lists, which are all this one, with the temperature of requests that name none."""
    served = [word for name, temperature in names.items() for word in ("--serve", f"{name}={temperature:g}")]
    place = ["--modules", str(model.modules), "--weights", str(model.weights)]
    return ["node", str(HERE / "server.mjs"), *place, *served, "--port", str(port), "--threads", str(threads)]


@contextlib.contextmanager
def serving(
    names: Mapping[str, float] = NAMES, *, log: Path | None = None, port: int = 0, threads: int = 1
) -> Iterator[Server]:
    """Installed if need be, started, ready; ended with the block, and with this process, however that ends.

    Raises Unavailable where it cannot be installed or does not start. `log` None: it writes where we do.
    """
    argv = [*command(install(), names=names, port=port, threads=threads), "--until-eof"]
    with contextlib.ExitStack() as files:
        output = files.enter_context(log.open("w")) if log else None
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True, start_new_session=True
        )
    with process:
        server = Server(_address(process), process)
        try:
            yield server
        finally:
            server.end()


def _address(process: "subprocess.Popen[str]") -> str:
    """The line that it prints when it answers; Unavailable where it ends, or says nothing for a minute."""
    late = threading.Timer(READY_S, process.kill)
    late.start()
    assert process.stdout
    line = process.stdout.readline().strip()
    late.cancel()
    if not line:
        code = process.wait()
        raise Unavailable(
            f"the model's server ended with {code} instead of starting: see what it wrote to standard error"
        )
    return line
