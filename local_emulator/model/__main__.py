"""`python -m local_emulator.model [--port N] [--serve NAME=TEMPERATURE …] [-- COMMAND …]`: serves the model.

With a command, the model is there while it runs: the environment variable `MODEL_BASE_URL` has its address, and so has
`BENCHFLEET_FLEET_PROVIDERS__LOCAL__BASE_URL`, which makes it the provider `local` of fleets.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from local_emulator.model.install import Unavailable
from local_emulator.model.serving import NAMES, Server, serving

PROVIDER = "BENCHFLEET_FLEET_PROVIDERS__LOCAL__"


def _named(text: str) -> tuple[str, float]:
    name, _, temperature = text.partition("=")
    return name, float(temperature or 0)


def read(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local_emulator.model", description="A small real language model.")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--threads", type=int, default=1, help="cores that it computes on")
    parser.add_argument("--serve", type=_named, action="append", metavar="NAME=TEMPERATURE", help="as this model")
    parser.add_argument("command", nargs="*", help="ends the model when it has ended; write -- before it")
    return parser.parse_args(argv)


def environment(server: Server, inherited: Mapping[str, str]) -> dict[str, str]:
    known = {f"{PROVIDER}TYPE": "openai-compatible", f"{PROVIDER}BASE_URL": server.base_url}
    return {**inherited, **known, "MODEL_BASE_URL": server.base_url}


def main(argv: Sequence[str]) -> int:
    """The command's exit code; 1 where the model cannot be had."""
    options = read(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = dict(options.serve) if options.serve else NAMES
    try:
        with serving(names, port=options.port, threads=options.threads) as server:
            if options.command:
                return _beside(options.command, server)
            print(f"{server.base_url} ({', '.join(names)}), until Ctrl-C", flush=True)
            return server.process.wait()
    except Unavailable as error:
        print(f"model unavailable: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _beside(command: Sequence[str], server: Server) -> int:
    """A terminal's Ctrl-C reaches the command, too: it decides what follows, and we wait for it."""
    with subprocess.Popen(command, env=environment(server, os.environ)) as process:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
