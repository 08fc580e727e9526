"""A runner that believes to be on another host: `python -m local_emulator.machines.as_host HOST [ARGUMENT...]`.

A container has a host name of its own, and a runner names itself after it. Without an engine the runner is a process of
this machine, whose name is everybody's.
"""

import runpy
import socket
import sys


def main() -> None:
    host = sys.argv.pop(1)
    socket.gethostname = lambda: host
    runpy.run_module("runner_image", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
