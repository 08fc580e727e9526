"""What a fleet's clients do, once for both: coroutines over a session."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet_contract.fleets.plan import Defaults
from benchfleet_contract.fleets.runs import ENDED, FleetRunDetail, FleetRunItem

from benchfleet.api import fleets
from benchfleet.api.session import Session
from benchfleet.exceptions import Conflict, NotFound, UsageError
from benchfleet.fleet import following
from benchfleet.fleet.errors import ResultsNotReady
from benchfleet.fleet.folder import RESULTS, held, write_failure
from benchfleet.fleet.handle import Handle, handle_of
from benchfleet.fleet.reading import FleetInput, read_input
from benchfleet.local.files import replace_whole

Manifest = Path | str | Mapping[str, Any]
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
        return await following.status(self.session, run_id)

    async def results(self, run_id: str) -> dict[str, Any]:
        """What is on this machine already is not asked for again."""
        here = _read_json(self.folder(run_id) / RESULTS)
        if here is not None:
            return here
        try:
            return await fleets.fleet_results(self.session, run_id)
        except NotFound as error:
            raise following.not_found(run_id) from error
        except Conflict as error:
            raise ResultsNotReady(
                f"fleet run {run_id} has no results yet: wait_for_completion waits for them"
            ) from error

    async def wait(self, run_id: str, *, timeout_ms: float, poll_interval_ms: float) -> dict[str, Any]:
        """Raises RunFailed as soon as the run has failed or was cancelled, WaitTimeout."""

        def done(run: FleetRunDetail) -> bool:
            if following.has_failed(run):
                raise following.failure(run)
            return run.status in ENDED and run.results_ready

        pace = following.every(poll_interval_ms)
        await following.until(self.session, run_id, done, timeout_ms=timeout_ms, pace=pace)
        return await self.results(run_id)

    async def collect(
        self,
        run_id: str,
        to: Path | None = None,
        *,
        timeout_ms: float | None = None,
        pace: following.Pace = following.patient,
        told: following.Told = lambda run: None,
        before: Callable[[], None] = lambda: None,
    ) -> FleetRunDetail:
        """Waits for a run's end and brings its artifacts, however it ended, unless they are here already.

        Where the control plane could make no results, `fleet-results.json` says so: whoever waits for the file must not
        wait for ever. Raises WaitTimeout, RunNotFound.
        """
        run = await following.until_settled(
            self.session, run_id, timeout_ms=timeout_ms, pace=pace, told=told, before=before
        )
        folder = to or self.folder(run_id)
        if run.results_ready:
            await self._bring(run_id, folder, again=False)
        else:
            await self.session.runtime.call(write_failure, folder, run)
        return run

    async def see_through(self, handle: Handle, *, timeout_ms: float, poll_interval_ms: float) -> None:
        """Raises RunFailed, once what there is of the run is on this machine; WaitTimeout."""
        pace = following.every(poll_interval_ms)
        run = await self.collect(handle.run_id, handle.artifact_base_dir, timeout_ms=timeout_ms, pace=pace)
        if following.has_failed(run) or not run.results_ready:
            raise following.failure(run)

    async def fetch(self, run_id: str, to: Path | None = None) -> Path:
        """Puts all artifacts below the run's folder, `fleet-results.json` last: when it is there, all is there."""
        folder = to or self.folder(run_id)
        await self._bring(run_id, folder, again=True)
        return folder

    async def _bring(self, run_id: str, folder: Path, *, again: bool) -> None:
        """One at a time in a folder. `again`: also where the results are there already."""
        async with held(folder, self.session.runtime):
            if (folder / RESULTS).is_file() and not again:
                return
            paths = [artifact.path for artifact in await fleets.fleet_artifacts(self.session, run_id)]
            if RESULTS not in paths:
                raise ResultsNotReady(f"fleet run {run_id} has no {RESULTS} yet: wait for its end")
            for path in sorted(paths, key=lambda path: (path == RESULTS, path)):
                target = _inside(folder, path)
                data = await fleets.fleet_artifact(self.session, run_id, path)
                await self.session.runtime.call(_write, target, data)

    async def runs(self, *, fleet_id: str = "", status: str = "", most: int | None = None) -> list[FleetRunItem]:
        """The newest first, `most` of them."""
        found: list[FleetRunItem] = []
        async with aclosing(fleets.fleet_runs(self.session, fleet_id=fleet_id, status=status)) as items:
            async for item in items:
                if most is not None and len(found) >= most:
                    break
                found.append(item)
        return found

    async def cancel(self, run_id: str) -> None:
        try:
            await fleets.stop_fleet_run(self.session, run_id)
        except NotFound as error:
            raise following.not_found(run_id) from error

    def folder(self, run_id: str) -> Path:
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


def _inside(folder: Path, path: str) -> Path:
    """Raises UsageError for a path that leads out of the folder."""
    target = folder / path
    if not target.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"the artifact {path!r} leads out of {folder}: it is not written")
    return target


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_whole(target, data)
