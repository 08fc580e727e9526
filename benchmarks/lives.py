"""Lives of tasks over keep-alive HTTP: a task is created, claimed, told of once, and completed."""

import json
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 60


class Plane:
    """One connection to an API, as its admin. Raises RuntimeError for any answer but a success."""

    def __init__(self, ready: Mapping[str, Any]) -> None:
        url = urlsplit(ready["api_url"])
        self._http = HTTPConnection(url.hostname or "", url.port, timeout=PATIENCE_S)
        self._headers = {"Authorization": f"Bearer {ready['keys']['admin']}", "Content-Type": "application/json"}

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        self._http.request("POST", path, json.dumps(body), self._headers)
        answer = self._http.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"POST {path}: {answer.status} {content[:200]!r}")
        return json.loads(content)

    def close(self) -> None:
        self._http.close()


def create_run(plane: Plane, tasks: int) -> str:
    instances = [{"instance_type": "docker"}]
    body = {"workload": "mock", "per_instance_type": {"tasks": tasks}, "local": instances, "lease_s": 3600}
    return str(plane.post("/runs", body)["run_id"])


def live(ready: Mapping[str, Any], *, clients: int, lives: int) -> list[float]:
    """As many lives as there are, shared out among clients that do not pause; how long each claim took, in seconds.

    A few tasks are left, so that the run is not finished and built. Raises RuntimeError if a client failed.
    """
    with closing(Plane(ready)) as plane:
        run_id = create_run(plane, lives + 5)
    claims_s: list[float] = []
    shares = [lives // clients + (number < lives % clients) for number in range(clients)]
    workers = [
        threading.Thread(target=_work, args=(ready, run_id, f"r{number}", share, claims_s))
        for number, share in enumerate(shares)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if len(claims_s) != lives:
        raise RuntimeError(f"{lives - len(claims_s)} of {lives} lives did not end")
    return claims_s


def _work(ready: Mapping[str, Any], run_id: str, runner: str, lives: int, claims_s: list[float]) -> None:
    with closing(Plane(ready)) as plane:
        for number in range(lives):
            claims_s.append(_life(plane, run_id, runner, f"{runner}-{number}"))


def _life(plane: Plane, run_id: str, runner: str, token: str) -> float:
    body = {"provider": "local", "instance_type": "docker", "runner_id": runner, "claim_token": token}
    asked_at = time.perf_counter()
    won = plane.post(f"/runs/{run_id}/tasks/claim", body)
    took_s = time.perf_counter() - asked_at
    task = won["task"]
    told = {"runner_id": runner, "attempt": task["attempt"]}
    plane.post(f"/tasks/{task['id']}/heartbeat", told | {"status": "running", "progress_pct": 50})
    plane.post(f"/tasks/{task['id']}/complete", told | {"s3_result_key": won["presigned_urls"]["result_key"]})
    return took_s
