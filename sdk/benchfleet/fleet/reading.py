"""A manifest with all its files: read, checked together, and every problem told with file and line."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet_contract.fleets.manifest import is_versioned, read_fleet, references
from benchfleet_contract.fleets.plan import Defaults, FleetPlan
from benchfleet_contract.fleets.written import Fault

from benchfleet.documents.bounded import read_text
from benchfleet.documents.document import Document, name_of, shown, unsendable
from benchfleet.documents.json_text import parse_json
from benchfleet.documents.problems import START, Finding, SyntaxProblem, first_lines
from benchfleet.documents.yaml_text import parse_yaml
from benchfleet.exceptions import ConfigError
from benchfleet.fleet.errors import ManifestError
from benchfleet.fleet.finding import find
from benchfleet.fleet.provider_config import load_providers

MAX_FILE_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class FleetInput:
    """What is sent, and the plan that it makes here as there."""

    manifest: dict[str, Any]
    datasets: dict[str, Any]
    providers: dict[str, dict[str, Any]]
    defaults: Defaults
    plan: FleetPlan


def read_input(
    manifest: Path | str | Mapping[str, Any],
    *,
    defaults: Defaults,
    config_path: Path | str | None = None,
    folder: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> FleetInput:
    """`folder` is the working directory (default: the process's). A manifest that is no file is taken to stand there.

    Raises ManifestError with everything that is wrong, ProviderConfigError.
    """
    return _Reader(folder or Path.cwd(), environ).read(manifest, defaults, config_path)


class _Reader:
    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder, self._environ = folder, environ
        self._files: dict[str, tuple[Path, Document]] = {}  # "" is the manifest's, others those of datasets
        self._lines: list[str] = []
        self._faults: list[Fault] = []

    def read(
        self, manifest: Path | str | Mapping[str, Any], defaults: Defaults, config_path: Path | str | None
    ) -> FleetInput:
        roots, value = [self._folder], manifest
        if isinstance(manifest, Path | str):
            path = self._folder / manifest
            roots.append(path.parent)
            value = self._parse(path, "", what="manifest")
            if value is None:
                raise self._error(str(manifest))
        datasets = self._datasets(value, roots)
        providers = self._providers(value, config_path, roots)
        reading = read_fleet(value, datasets, providers, defaults)
        for fault in reading.problems:
            self._tell(fault)
        if reading.plan is not None and reading.plan.settings.max_cost is not None:
            self._check_budget(reading.plan)
        if reading.plan is None or self._lines:
            raise self._error(str(manifest) if isinstance(manifest, Path | str) else "the manifest")
        return FleetInput(dict(value), datasets, providers, defaults, reading.plan)  # type: ignore[arg-type]

    def _check_budget(self, plan: FleetPlan) -> None:
        """The control plane has no prices: what a budget cannot pay for is told here, before anything is sent."""
        from benchfleet.fleet.estimating import estimate  # half a second of CPU

        for problem in estimate(plan).problems:
            message, _, remedy = problem.partition("; ")
            path: list[str | int] = ["settings", "max_cost"]
            known = {"value": float(plan.settings.max_cost or 0), "message": message, "remedy": remedy}
            self._tell(Fault(field="settings.max_cost", path=path, **known))

    def _datasets(self, manifest: Any, roots: list[Path]) -> dict[str, Any]:
        found = {}
        for reference, work in references(manifest):
            path, looked = find(work, roots)
            if path is None:
                tried = ", ".join(str(each) for each in looked) or "nothing inside the manifest's folder"
                self._faults.append(
                    Fault(
                        field=name_of(work.path),
                        value=work.dataset or reference,
                        message="there is no such dataset",
                        remedy=f"looked for {tried}",
                        path=list(work.path),
                    )
                )
                self._line(self._faults[-1])
                continue
            document = self._parse(path, reference, what="dataset")
            if document is not None:
                found[reference] = document
        return found

    def _providers(self, manifest: Any, config_path: Path | str | None, roots: list[Path]) -> dict[str, dict[str, Any]]:
        """The manifest's own `config.config_path` wins over the caller's."""
        config = manifest.get("config") if isinstance(manifest, Mapping) and not is_versioned(manifest) else None
        theirs = config.get("config_path") if isinstance(config, Mapping) else None
        named = theirs if isinstance(theirs, str) and theirs else config_path
        path = None if named is None else next((p for r in roots if (p := r / named).is_file()), roots[0] / named)
        return load_providers(path, environ=self._environ, folder=self._folder, home=Path.home())

    def _parse(self, path: Path, reference: str, *, what: str) -> Any:
        """None where it cannot be read: that is among the problems then."""
        parse = parse_yaml if path.suffix.lower() in (".yaml", ".yml") else parse_json
        try:
            document = parse(read_text(path, what=what, most_bytes=MAX_FILE_BYTES))
        except ConfigError as error:
            self._lines.append(str(error))
            return None
        except SyntaxProblem as problem:
            self._lines.append(problem.finding.line(path))
            return None
        self._lines += [finding.line(path) for finding in (*document.problems, *unsendable(document))]
        self._files[reference] = (path, document)
        return {} if document.value is None else document.value

    def _tell(self, fault: Fault) -> None:
        if "was not given" in fault.message:  # its file was not found or not read: told with what was wrong with it
            return
        self._faults.append(fault)
        self._line(fault)

    def _line(self, fault: Fault) -> None:
        path, document = self._files.get(fault.reference, (None, None))
        name = name_of(tuple(fault.path))
        value = "" if fault.value is None else shown(fault.value)
        if path is None or document is None:
            self._lines.append(f"{fault.field}: {fault.message}; {fault.remedy}")
            return
        place = document.place(name) if name else START
        self._lines.append(Finding(place, name, fault.message, fault.remedy, value).line(path))

    def _error(self, what: str) -> ManifestError:
        count = f"{len(self._lines)} problem{'' if len(self._lines) == 1 else 's'}"
        return ManifestError("\n".join([f"{what} has {count}", *first_lines(self._lines)]), problems=self._faults)
