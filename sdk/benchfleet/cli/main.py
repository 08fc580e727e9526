"""`benchfleet`: the program's entry. Nothing but this file is loaded to tell the version.

Each command's words and exit codes are in docs/cli.md; the commands themselves in `commands.py`.
"""

import sys

from benchfleet.version import __version__

TYPE_CHECKING = False  # type checkers take it for true; `collections` would be the heaviest import of this file
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: "Sequence[str] | None" = None) -> None:
    """`argv` without the program's name; None takes the process's. Always ends with SystemExit, except for --version."""
    words = sys.argv[1:] if argv is None else list(argv)
    if words == ["--version"]:
        try:
            print(f"benchfleet {__version__}", flush=True)
            return
        except OSError:  # nobody reads, or a full disk: the frame says it once more, and knows how that ends
            pass
    # httpx imports a command line of its own where it can, with rich, pygments and click: half of what it costs
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    try:
        from benchfleet.cli.frame import run  # late: typer alone costs several starts of Python

        run(words)
    except KeyboardInterrupt:  # so early that no command was there to end
        sys.exit(130)


if __name__ == "__main__":
    main()
