"""The deployment package: built by Chalice's own packager from a clean copy, so that nothing else slips in.

`python -m benchmarks.package_size --out DIR` leaves the SAM template and `deployment.zip` in DIR.
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
from benchmarks.import_cost import ENVIRONMENT
from benchmarks.metric import Metric

SOURCES = ["app.py", "requirements.txt", "chalicelib", "vendor", ".chalice"]
LIMIT_MB = 15
CHALICE = "import sys; from chalice.cli import main; sys.argv[0] = 'chalice'; sys.exit(main())"


class PackagingFailed(Exception):
    """Chalice could not build the package; the message is the end of what it said."""


def build(out: Path) -> Path:
    """Builds the package into `out` and returns the zip. Raises PackagingFailed, for example when PyPI is out of reach."""
    with tempfile.TemporaryDirectory(prefix="benchfleet-package-") as scratch:
        project = Path(scratch) / "project"
        copy_sources(project)
        reply = subprocess.run(
            [sys.executable, "-c", CHALICE, "package", str(out.resolve())],
            cwd=project,
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            text=True,
            check=False,
        )
    if reply.returncode != 0:
        raise PackagingFailed((reply.stderr or reply.stdout).strip()[-500:])
    return out / "deployment.zip"


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
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    try:
        package = build(out)
    except PackagingFailed as failure:
        sys.exit(f"chalice package failed: {failure}")
    print(f"{package}: {package.stat().st_size / 1_000_000:.2f} MB (limit {LIMIT_MB} MB)")


if __name__ == "__main__":
    main()
