"""An app that is ready to be built and started."""

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner_image.workloads.http.apps import tree
from runner_image.workloads.http.frameworks.record import Framework


@dataclass(frozen=True)
class App:
    """`folder` is where its commands run. `programs` fill placeholders of commands, such as `python`."""

    folder: Path
    source: str = "path"
    programs: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def values(self, framework: Framework, *, port: int, host: str) -> dict[str, str]:
        """What stands for the placeholders of a framework's commands."""
        entry = self.entry(framework.detect[0])
        module = entry.rpartition(".")[0].replace("/", ".") or entry
        own = {"app": str(self.folder), "entry": entry, "module": module, "host": host, "port": str(port)}
        needed = {need.program: str(need.own(self.folder) or need.program) for need in framework.needs}
        return {"python": sys.executable, "binary": self.binary(), **needed, **self.programs, **own}

    def entry(self, pattern: str) -> str:
        """The first of `a|b` that exists; `a` where none does, so that starting it says what is missing."""
        names = pattern.split("|")
        return next((name for name in names if (self.folder / name).is_file()), names[0])

    def binary(self) -> str:
        """The program that cargo makes: the name of the first `[[bin]]`, else that of the package; else the folder's."""
        try:
            cargo = tomllib.loads((self.folder / "Cargo.toml").read_text("utf-8"))
            named = [*cargo.get("bin", []), cargo["package"]]
            return next(str(one["name"]) for one in named if "name" in one)
        except (OSError, ValueError, KeyError, StopIteration, TypeError):
            return self.folder.name

    def sha256(self) -> str:
        """Of its sources, without what a build or an installation makes."""
        return tree.sha256(self.folder)
