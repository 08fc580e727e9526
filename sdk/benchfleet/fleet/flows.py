"""What a fleet's clients do, once for both: coroutines over a session."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet_contract.fleets.plan import Defaults
from benchfleet_contract.fleets.runs import ENDED, FleetRunDetail

from benchfleet.api import fleets
from benchfleet.api.session import Session
from benchfleet.exceptions import Conflict, NotFound, RunFailed, UsageError
from benchfleet.fleet.errors import ResultsNotReady, RunNotFound, WaitTimeout
from benchfleet.fleet.handle import Handle, handle_of
from benchfleet.fleet.reading import FleetInput, read_input
from benchfleet.local.files import replace_whole

Manifest = Path | str | Mapping[str, Any]
RESULTS = "fleet-results.json"
MAX_INLINE_BYTES = 900_000  # of a whole body; a request has at most 1 MiB
DEFAULT_OUTPUT = Path("fleet-results")


@dataclass(frozen=True)
class Flows:
    """`output` None: the manifest's own `output.base_dir`, else `fleet-results`."""

    session: Session
    output: Path | None
    defaults: Defaults
    config_path: Path | str | None

    async def execute(self, manifest: Manifest, *, idempotency_key: str | None = None, **more: Any) -> Handle:
        """Starts a run and returns its handle at once."""
        call = self.session.runtime.call
        given = await call(read_input, manifest, defaults=self.defaults, config_path=self.config_path)
        body = {**_body(given), **more, "idempotency_key": idempotency_key or secrets.token_hex(16)}
        body["datasets"] = await self._datasets(given, len(json.dumps(body)))
        reply = await fleets.create_fleet_run(self.session, body)
        return handle_of(reply, self.base(given), str(self.session.base_url))

    def base(self, given: FleetInput | None = None) -> Path:
        theirs = given.plan.settings.output_base_dir if given else None
        return self.output or (Path(theirs) if theirs else DEFAULT_OUTPUT)

    async def _datasets(self, given: FleetInput, size: int) -> dict[str, Any]:
        """Inline where they fit, else uploaded first."""
        if size <= MAX_INLINE_BYTES:
            return given.datasets
        sent = {}
        for reference, document in given.datasets.items():
            data = json.dumps(document, ensure_ascii=False).encode()
            sha256 = hashlib.sha256(data).hexdigest()
            await fleets.upload_document(self.session, sha256, data)
            sent[reference] = {"sha256": sha256}
        return sent

    async def status(self, run_id: str) -> FleetRunDetail:
        try:
            return await fleets.fleet_run(self.session, run_id)
        except NotFound as error:
            raise RunNotFound(
                f"there is no fleet run {run_id}: `benchfleet fleet list` shows those that are"
            ) from error

    async def results(self, run_id: str) -> dict[str, Any]:
        """What is on this machine already is not asked for again."""
        here = _read_json(self._folder(run_id) / RESULTS)
        if here is not None:
            return here
        try:
            return await fleets.fleet_results(self.session, run_id)
        except NotFound as error:
            raise RunNotFound(
                f"there is no fleet run {run_id}: `benchfleet fleet list` shows those that are"
            ) from error
        except Conflict as error:
            raise ResultsNotReady(
                f"fleet run {run_id} has no results yet: wait_for_completion waits for them"
            ) from error

    async def wait(self, run_id: str, *, timeout_ms: float, poll_interval_ms: float) -> dict[str, Any]:
        """Raises RunFailed as soon as the run has failed or was cancelled, WaitTimeout."""
        if poll_interval_ms <= 0:
            raise UsageError(f"poll_interval_ms must be more than 0, not {poll_interval_ms}")
        end = self.session.entropy.clock() + timeout_ms / 1000
        while True:
            run = await self.status(run_id)
            if run.status in ("failed", "cancelled"):
                raise RunFailed(_why(run))
            if run.status in ENDED and run.results_ready:
                return await self.results(run_id)
            left = end - self.session.entropy.clock()
            if left <= 0:
                words = f"fleet run {run_id} is {run.status} after {timeout_ms:g} ms ({_counted(run)}); it goes on"
                raise WaitTimeout(words)
            await self.session.runtime.sleep(min(poll_interval_ms / 1000, left))

    async def fetch(self, run_id: str, to: Path | None = None) -> Path:
        """Puts all artifacts below the run's folder, `fleet-results.json` last: when it is there, all is there."""
        folder = to or self._folder(run_id)
        paths = [artifact.path for artifact in await fleets.fleet_artifacts(self.session, run_id)]
        for path in sorted(paths, key=lambda path: (path == RESULTS, path)):
            target = _inside(folder, path)
            data = await fleets.fleet_artifact(self.session, run_id, path)
            await self.session.runtime.call(_write, target, data)
        return folder

    async def runs(self, *, fleet_id: str = "", status: str = "") -> list[str]:
        return [item.run_id async for item in fleets.fleet_runs(self.session, fleet_id=fleet_id, status=status)]

    async def cancel(self, run_id: str) -> None:
        try:
            await fleets.stop_fleet_run(self.session, run_id)
        except NotFound as error:
            raise RunNotFound(
                f"there is no fleet run {run_id}: `benchfleet fleet list` shows those that are"
            ) from error

    def _folder(self, run_id: str) -> Path:
        fleets.fleet_path(run_id)  # refuses what is no run id, which could lead out of the folder
        return self.base() / run_id


def _body(given: FleetInput) -> dict[str, Any]:
    return {
        "manifest": given.manifest,
        "datasets": given.datasets,
        "providers": given.providers,
        "defaults": given.defaults.model_dump(),
    }


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _why(run: FleetRunDetail) -> str:
    told = "; ".join(run.errors[:3]) or run.reason or "no reason is known"
    return (
        f"fleet run {run.run_id} is {run.status}: {told} ({_counted(run)}); see `benchfleet fleet status {run.run_id}`"
    )


def _counted(run: FleetRunDetail) -> str:
    return f"{run.tests.total - run.tests.pending} of {run.tests.total} tests done"


def _inside(folder: Path, path: str) -> Path:
    """Raises UsageError for a path that leads out of the folder."""
    target = folder / path
    if not target.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"the artifact {path!r} leads out of {folder}: it is not written")
    return target


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_whole(target, data)
