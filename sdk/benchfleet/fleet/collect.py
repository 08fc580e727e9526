"""A process that waits for a fleet run and brings its artifacts: `python -m benchfleet.fleet.collect RUN_ID FOLDER`.

It leaves whoever started it, because the run outlives that. Only what it needs for this is imported before: the caller waits.
The control plane's address and key are in its environment ($BENCHFLEET_URL, $BENCHFLEET_API_KEY), never among its arguments.
"""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 the artifacts are there, else as `fleet` commands. Of the process that is left: 0 it goes on, 2 not."""
    parser = argparse.ArgumentParser(prog="benchfleet.fleet.collect")
    parser.add_argument("run_id")
    parser.add_argument("folder", type=Path, help="where the artifacts come to be")
    parser.add_argument("--detach", action="store_true", help="leave the process that started this one")
    parser.add_argument("--alone", type=Path, help="the state file of a run that has its own control plane here")
    asked = parser.parse_args(argv)
    lock = None
    if asked.alone is not None:
        lock = _locked(asked.alone)
        if lock is None:
            return 2
    if asked.detach and os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what is ended with the run ends with this process, too
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    from benchfleet.fleet.collecting import collect, collect_alone

    if asked.alone is not None:
        return collect_alone(asked.run_id, asked.folder, asked.alone)
    return collect(asked.run_id, asked.folder)


def _locked(state: Path) -> object | None:
    """Held by this process and the one that it leaves behind; None where another one is at work on the run."""
    from benchfleet.exceptions import UsageError
    from benchfleet.local.lock import Lock

    try:
        return Lock.take(state.with_suffix(".lock"), of=state.stem)
    except UsageError as error:
        print(error, file=sys.stderr)
        return None


if __name__ == "__main__":
    sys.exit(main())
