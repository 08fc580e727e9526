"""Options that several commands of `benchfleet fleet` share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Format = Literal["json", "summary", "quiet"]
ManifestFile = Annotated[Path, typer.Option("--manifest", "-m", metavar="FILE", help="The manifest, JSON or YAML.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Folder in which <run id>/ is created (default: the manifest's, or fleet-results)."
    ),
]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The file of providers, TOML.")]
Concurrency = Annotated[
    int,
    typer.Option("--concurrency", "-c", min=1, max=100, help="Requests at a time, where the manifest says nothing."),
]
Delay = Annotated[
    int | None, typer.Option("--delay", min=0, metavar="MS", help="Pause before each request of a slot, likewise.")
]
SaveResponses = Annotated[bool, typer.Option("--save-responses/--no-save-responses", help="Keep answers, likewise.")]
GoOn = Annotated[
    bool, typer.Option("--continue-on-failure/--fail-fast", help="Go on after a test that fails, likewise.")
]
Shown = Annotated[
    Format, typer.Option("--format", help="What stdout gets: one JSON document, a summary, or only the run's id.")
]
Timeout = Annotated[
    float | None, typer.Option("--timeout", min=0, metavar="SECONDS", help="How long to wait; then exit code 8.")
]
Poll = Annotated[float, typer.Option("--poll", min=0.05, metavar="SECONDS", help="Time between two looks at the run.")]
MinSuccessRate = Annotated[
    float | None,
    typer.Option("--min-success-rate", min=0, max=1, metavar="SHARE", help="Fewer answers than this: exit code 7."),
]
MinPassRate = Annotated[
    float | None,
    typer.Option("--min-pass-rate", min=0, max=1, metavar="SHARE", help="Fewer right answers than this: exit code 7."),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Where the files go (default: where they were).")
]
Formats = Annotated[
    str, typer.Option("--formats", metavar="NAMES", help="Beside the promised files: json, yaml, csv, html.")
]
Junit = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write the tests as JUnit XML.")]


def format_of(shown: Format, as_json: bool) -> Format:
    """`--json` is `--format json`. Raises UsageError for both with another format."""
    from benchfleet.exceptions import UsageError

    if as_json and shown == "quiet":
        raise UsageError("--json and --format quiet want different things of stdout: leave one out")
    return "json" if as_json else shown
