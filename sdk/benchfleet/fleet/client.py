"""The clients for fleets: one that waits, one that is awaited."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from benchfleet_contract.fleets.plan import Defaults
from benchfleet_contract.fleets.runs import FleetRunDetail
from pydantic import ValidationError

from benchfleet.api.operations import Blocking
from benchfleet.api.session import Session
from benchfleet.async_client import AsyncClient
from benchfleet.client import Client
from benchfleet.exceptions import UsageError
from benchfleet.fleet.detaching import start_collector
from benchfleet.fleet.flows import Flows, Manifest
from benchfleet.fleet.handle import Handle
from benchfleet.profiles import settings

TIMEOUT_MS, POLL_MS = 600_000.0, 2_000.0


class FleetBenchmark:
    """Starts fleets of prompts and models, and brings their results.

    `default_concurrency` and the three behind it hold where the manifest says nothing. `config_path`: the file of
    providers. `url` and `api_key`: the control plane; else $BENCHFLEET_URL and $BENCHFLEET_API_KEY, else the profile's.
    `collects`: a run that nobody waits for gets a process of its own that brings its artifacts, also when this one has ended.
    Raises UsageError for an invalid value. `transport` is for tests; nothing else could collect over it.
    """

    def __init__(
        self,
        output_base_dir: Path | str | None = None,
        *,
        default_concurrency: int = 5,
        save_responses: bool = True,
        continue_on_failure: bool = True,
        request_delay_ms: int | None = None,
        config_path: Path | str | None = None,
        url: str | None = None,
        api_key: str | None = None,
        collects: bool = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        defaults = defaults_of(default_concurrency, request_delay_ms, save_responses, continue_on_failure)
        found = connection(url, api_key)
        self._client = Client(found.api_url, key=found.key, transport=transport)
        self._flows = flows_of(self._client._session, output_base_dir, defaults, config_path)
        self._collector = found if collects and transport is None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def execute_fleet(
        self, manifest: Manifest, *, wait: bool = False, idempotency_key: str | None = None, **more: Any
    ) -> Handle:
        """Starts a run of a manifest (a file, or its content) and returns its handle at once.

        Its artifacts come to `handle.artifact_base_dir` by themselves; when `fleet-results.json` is there, all are there.
        `wait`: return when it has ended and its artifacts are below `handle.artifact_base_dir`; they are there, too, of a
        run that failed, before RunFailed is raised. `more` are fields of `POST /fleets/runs`.
        Raises ManifestError with all problems, ProviderConfigError, RunFailed, WaitTimeout, ApiError.
        """
        handle = Blocking.run_flow(self._flows.execute(manifest, idempotency_key=idempotency_key, **more))
        if wait:
            Blocking.run_flow(self._flows.see_through(handle, timeout_ms=TIMEOUT_MS, poll_interval_ms=POLL_MS))
        elif self._collector:
            start_collector(handle.run_id, handle.artifact_base_dir, self._collector)
        return handle

    def wait_for_completion(
        self, run_id: str, *, timeout_ms: float = TIMEOUT_MS, poll_interval_ms: float = POLL_MS
    ) -> dict[str, Any]:
        """The results, as soon as they are there. Raises RunFailed at once where the run failed, WaitTimeout, RunNotFound."""
        return Blocking.run_flow(self._flows.wait(run_id, timeout_ms=timeout_ms, poll_interval_ms=poll_interval_ms))

    def get_fleet_results(self, run_id: str) -> dict[str, Any]:
        """`fleet-results.json`. Raises ResultsNotReady while the run is going on, RunNotFound."""
        return Blocking.run_flow(self._flows.results(run_id))

    def get_status(self, run_id: str) -> FleetRunDetail:
        """How far it is. Raises RunNotFound."""
        return Blocking.run_flow(self._flows.status(run_id))

    def list_runs(self, *, fleet_id: str = "", status: str = "") -> list[str]:
        """Ids of runs, the newest first."""
        return [item.run_id for item in Blocking.run_flow(self._flows.runs(fleet_id=fleet_id, status=status))]

    def cancel(self, run_id: str) -> None:
        """Stops a run. Tests that have not started are skipped; what is there stays. Raises RunNotFound."""
        Blocking.run_flow(self._flows.cancel(run_id))

    def fetch_artifacts(self, run_id: str) -> Path:
        """Puts all artifacts below `output_base_dir/run_id`, `fleet-results.json` last; returns the folder."""
        return Blocking.run_flow(self._flows.fetch(run_id))


class AsyncFleetBenchmark:
    """As FleetBenchmark, for programs with an event loop."""

    def __init__(
        self,
        output_base_dir: Path | str | None = None,
        *,
        default_concurrency: int = 5,
        save_responses: bool = True,
        continue_on_failure: bool = True,
        request_delay_ms: int | None = None,
        config_path: Path | str | None = None,
        url: str | None = None,
        api_key: str | None = None,
        collects: bool = True,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        defaults = defaults_of(default_concurrency, request_delay_ms, save_responses, continue_on_failure)
        found = connection(url, api_key)
        self._client = AsyncClient(found.api_url, key=found.key, transport=transport)
        self._flows = flows_of(self._client._session, output_base_dir, defaults, config_path)
        self._collector = found if collects and transport is None else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.aclose()

    async def execute_fleet(
        self, manifest: Manifest, *, wait: bool = False, idempotency_key: str | None = None, **more: Any
    ) -> Handle:
        """As FleetBenchmark.execute_fleet."""
        handle = await self._flows.execute(manifest, idempotency_key=idempotency_key, **more)
        if wait:
            await self._flows.see_through(handle, timeout_ms=TIMEOUT_MS, poll_interval_ms=POLL_MS)
        elif self._collector:
            await asyncio.to_thread(start_collector, handle.run_id, handle.artifact_base_dir, self._collector)
        return handle

    def wait_for_completion(
        self, run_id: str, *, timeout_ms: float = TIMEOUT_MS, poll_interval_ms: float = POLL_MS
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        """As FleetBenchmark.wait_for_completion."""
        return self._flows.wait(run_id, timeout_ms=timeout_ms, poll_interval_ms=poll_interval_ms)

    def get_fleet_results(self, run_id: str) -> Coroutine[Any, Any, dict[str, Any]]:
        """As FleetBenchmark.get_fleet_results."""
        return self._flows.results(run_id)

    def get_status(self, run_id: str) -> Coroutine[Any, Any, FleetRunDetail]:
        """As FleetBenchmark.get_status."""
        return self._flows.status(run_id)

    async def list_runs(self, *, fleet_id: str = "", status: str = "") -> list[str]:
        """As FleetBenchmark.list_runs."""
        return [item.run_id for item in await self._flows.runs(fleet_id=fleet_id, status=status)]

    def cancel(self, run_id: str) -> Coroutine[Any, Any, None]:
        """As FleetBenchmark.cancel."""
        return self._flows.cancel(run_id)

    def fetch_artifacts(self, run_id: str) -> Coroutine[Any, Any, Path]:
        """As FleetBenchmark.fetch_artifacts."""
        return self._flows.fetch(run_id)


def defaults_of(
    concurrency: int, request_delay_ms: int | None, save_responses: bool, continue_on_failure: bool
) -> Defaults:
    """Raises UsageError."""
    try:
        return Defaults(
            concurrency=concurrency,
            request_delay_ms=request_delay_ms,
            save_responses=save_responses,
            continue_on_failure=continue_on_failure,
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(f"{first['loc'][0]}: {first['msg']} (found {first['input']!r})") from error


def connection(url: str | None, api_key: str | None) -> settings.Connection:
    """Raises what `settings.connection` raises."""
    return settings.connection(url, api_key, None, environ=os.environ, stdin=sys.stdin, warn=lambda words: None)


def flows_over(client: Client, output: Path | None, defaults: Defaults, config_path: Path | None) -> Flows:
    """For who has a client already; to be run by `Blocking.run_flow`."""
    return flows_of(client._session, output, defaults, config_path)


def flows_of(session: Session, output: Path | str | None, defaults: Defaults, config_path: Path | str | None) -> Flows:
    return Flows(session, Path(output) if output is not None else None, defaults, config_path)
