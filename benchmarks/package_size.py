"""The deployment package: built by Chalice's own packager from a clean copy, so that nothing else slips in.

`python -m benchmarks.package_size --out DIR` leaves the SAM template and `deployment.zip` in DIR. The template is merged with
`.chalice/functions-<stage>.json`: the table's stream is a parameter of it, and nothing in it is made up.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.child_cpu import ROOT
from benchmarks.metric import Metric

SOURCES = ["app.py", "requirements.txt", "chalicelib", "vendor", ".chalice"]
LIMIT_MB = 15
STREAM_PARAMETER = "${StreamArn}"  # what the merged template puts a parameter in the place of
CHALICE = "import sys; from chalice.cli import main; sys.argv[0] = 'chalice'; sys.exit(main())"


class PackagingFailed(Exception):
    """Chalice could not build the package; the message is the end of what it said."""


def build(out: Path, *, stage: str = "dev") -> Path:
    """Builds the package into `out` and returns the zip. Raises PackagingFailed, for example when PyPI is out of reach."""
    with tempfile.TemporaryDirectory(prefix="benchfleet-package-") as scratch:
        project = Path(scratch) / "project"
        copy_sources(project)
        merged = f".chalice/functions-{stage}.json"
        reply = chalice(project, "package", "--stage", stage, "--merge-template", merged, str(out.resolve()))
    if reply.returncode != 0:
        raise PackagingFailed((reply.stderr or reply.stdout).strip()[-500:])
    return out / "deployment.zip"


def chalice(
    project: Path, *arguments: str, stream_arn: str | None = STREAM_PARAMETER
) -> subprocess.CompletedProcess[str]:
    """What `chalice` said in that project. `stream_arn` is what the user exports; None: nothing."""
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
    environment.pop("BENCHFLEET_STREAM_ARN", None)
    if stream_arn is not None:
        environment["BENCHFLEET_STREAM_ARN"] = stream_arn
    command = [sys.executable, "-c", CHALICE, *arguments]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def copy_sources(project: Path, *, names: Sequence[str] = SOURCES) -> None:
    """Follows the symlink in vendor/, as Chalice does; leaves caches and earlier deployments behind."""
    project.mkdir()
    skipped = shutil.ignore_patterns("__pycache__", "deployments", "deployed", "*.pyc")
    for source in (ROOT / name for name in names):
        if source.is_dir():
            shutil.copytree(source, project / source.name, ignore=skipped)
        else:
            shutil.copy2(source, project / source.name)


def metrics() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="benchfleet-package-") as out:
        size_mb = build(Path(out)).stat().st_size / 1_000_000
    how = "chalice package from a clean copy of the sources, for Linux x86-64; size of deployment.zip"
    return [Metric("deployment package, zipped", round(size_mb, 2), "MB", LIMIT_MB, how).as_dict()]


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the deployment package and tell its size.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--stage", choices=("dev", "prod"), default="dev")
    options = parser.parse_args()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    try:
        package = build(out, stage=options.stage)
    except PackagingFailed as failure:
        sys.exit(f"chalice package failed: {failure}")
    print(f"{package}: {package.stat().st_size / 1_000_000:.2f} MB (limit {LIMIT_MB} MB)")


if __name__ == "__main__":
    main()
