"""Where the app of one start comes from: this project's own, a folder, an archive or a repository; installed and detected."""

from dataclasses import dataclass
from pathlib import Path

from benchfleet_contract.http_results import AppIdentity
from benchfleet_contract.workloads.http import AppSource, HttpOptions

from runner_image.workloads.http.apps.fetch import Archive, Git, fetch
from runner_image.workloads.http.apps.install import Installed, InstallFailed, Unavailable, install
from runner_image.workloads.http.contract.schemas import APPS
from runner_image.workloads.http.detection.detect import Detected, detect
from runner_image.workloads.http.frameworks.record import Framework
from runner_image.workloads.http.frameworks.registry import Registry
from runner_image.workloads.http.life.app import App
from runner_image.workloads.http.life.failures import ServerFailed
from runner_image.workloads.protocol import WorkloadError


@dataclass(frozen=True)
class Placed:
    """An app that is ready to be built and started."""

    framework: Framework
    app: App
    identity: AppIdentity


def placed(options: HttpOptions, registry: Registry, work_dir: Path) -> Placed:
    """Raises WorkloadError (of detection), FetchFailed, and ServerFailed `unavailable` or `build_failed`."""
    folder, source = _folder(options, registry, work_dir)
    found = detect(folder, registry, name=options.framework)
    made = _installed(found)
    framework = found.framework
    if options.app is not None and framework in Registry.load().frameworks:
        # What the project's registry says of capabilities is said of the project's apps.
        framework = framework.model_copy(update={"capabilities": frozenset()})
    programs = {"python": str(made.python)} if made.python else {}
    return Placed(framework, App(made.folder, source, programs), AppIdentity(source=source, sha256=made.sha256))


def _installed(found: Detected) -> Installed:
    name = found.framework.name
    try:
        return install(found.folder)
    except Unavailable as error:
        raise ServerFailed("unavailable", f"{name} cannot be installed here", remedy=error.missing) from error
    except InstallFailed as error:
        raise ServerFailed(
            "build_failed", f"What the app of {name} depends on cannot be installed: {error.why}",
            remedy="correct its lock file, or what it names", tails={"install": error.tail},
        ) from error  # fmt: skip


def _folder(options: HttpOptions, registry: Registry, work_dir: Path) -> tuple[Path, str]:
    if options.app is not None:
        return _given(options.app, work_dir)
    if options.framework is None:
        raise WorkloadError("Option framework or app must be given: name a framework, or say where the app is")
    name = registry.get(options.framework).name
    if not (APPS / name).is_dir():
        raise ServerFailed("unavailable", f"There is no app of {name} here", remedy="give the folder of one with app")
    return APPS / name, "built-in"


def _given(app: AppSource, work_dir: Path) -> tuple[Path, str]:
    if app.path:
        return Path(app.path), app.path
    to = work_dir / "app"
    if app.archive and app.sha256:
        return fetch(Archive(app.archive, app.sha256), to, below=app.folder or ""), app.archive
    url, commit = app.git or "", app.commit or ""
    return fetch(Git(url, commit), to, below=app.folder or ""), f"{url}@{commit}"
