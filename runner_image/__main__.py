"""`python -m runner_image`."""

import sys


def main() -> None:
    # httpx imports a command line of its own where it can, with rich, pygments and click: half of what it costs
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    import typer

    from runner_image.command import run

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(run)
    try:
        app(prog_name="benchfleet-runner")
    except ModuleNotFoundError as error:
        if error.name != "fcntl":
            raise
        print("benchfleet runner: it needs Linux or macOS: this system has no fcntl", file=sys.stderr)
        sys.exit(1)  # as for wrong use


if __name__ == "__main__":
    main()
