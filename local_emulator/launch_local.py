"""`--launch-local`: a runner for each new run's groups of provider `local`, without being asked."""

import json
import logging
import urllib.request
from typing import Any

from local_emulator.launcher import Group, LocalLauncher

log = logging.getLogger(__name__)
PROVIDER = "local"
TIMEOUT_S = 10.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # our own address, with a key of ours


class LaunchLocal:
    """Looks at the runs each step and launches once for each that has waiting local tasks."""

    def __init__(self, launcher: LocalLauncher, *, api_url: str, reader_key: str) -> None:
        self._launcher = launcher
        self._api_url = api_url
        self._key = reader_key
        self._seen: set[str] = set()

    def step(self) -> bool:
        for run in self._get("/runs")["runs"]:
            if run["run_id"] not in self._seen and run["status"] == "running":
                self._launch(run["run_id"])
                self._seen.add(run["run_id"])
        return False

    def _launch(self, run_id: str) -> None:
        groups = local_groups(self._get(f"/runs/{run_id}"))
        log.info("run %s: %d local runner(s)", run_id, len(groups))
        self._launcher.launch(run_id, groups)

    def _get(self, path: str) -> Any:
        request = urllib.request.Request(self._api_url + path, headers={"Authorization": f"Bearer {self._key}"})  # noqa: S310  # our own address
        with _DIRECT.open(request, timeout=TIMEOUT_S) as reply:
            return json.load(reply)


def local_groups(run: dict[str, Any]) -> list[Group]:
    """The instance types of a run, as `GET /runs/{id}` shows it, that this machine is meant to work on, each once."""
    found = [(group["provider"], group["instance_type"]) for group in run["groups"] if group["pending"]]
    return [group for group in dict.fromkeys(found) if group[0] == PROVIDER]
