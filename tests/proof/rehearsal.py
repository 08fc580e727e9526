"""What a deployment is rehearsed with: an emulated account, the commands of a user, and what the account tells of them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeVar

import httpx
from benchfleet.profiles.file import read_profiles

from tests import prepared_start
from tests.integration.deploy_world import ROOT, Laptop
from tests.integration.test_account import Account

BENCHFLEET = (sys.executable, "-m", "benchfleet.cli.main")
WAIT_S, LOOK_S = 600, 0.5  # a minute is what the longest wait takes; a busy machine may need ten times as long
GATEWAY_GAVE_UP = (502, 503, 504)
STEP = "==> "  # with which `deploy` and `nuke` begin a step
OVER = ("ended", "failed")
T = TypeVar("T")
MACHINES = ("AWS::EC2::Instance", "AWS::ECS::Task")


class Failed(AssertionError):
    """The rehearsal failed: its words say which step, and what was said last."""


@dataclass
class Rehearsal:
    """`folder` is a laptop's; `project` the source checkout that is deployed. Steps are told on stdout, with the time."""

    folder: Path
    account: Account
    project: Path = ROOT
    _began: float = field(default_factory=time.monotonic)
    _denials: int = 0  # that were looked at already

    @property
    def laptop(self) -> Laptop:
        return Laptop(self.folder, self.account)

    def step(self, words: str) -> None:
        print(f"[{time.monotonic() - self._began:4.0f} s] {words}", flush=True)

    def deploy(self, *flags: str) -> None:
        self.step(f"benchfleet deploy --yes {' '.join(flags)}".strip())
        self.command("deploy", "--yes", *flags, cwd=self.project)

    def push_an_image(self) -> None:
        """An image of nothing, as `latest`: machines of the emulator look whether there is one, and run the runner itself."""
        ecr = self.account.client("ecr")
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        httpx.put(
            f"{self.account.ready['aws_endpoint_url']}/v2/benchfleet-dev/runner/manifests/latest",
            headers={"Authorization": f"Basic {token}", "Content-Type": kind},
            json={"schemaVersion": 2, "mediaType": kind, "layers": []},
        ).raise_for_status()

    def nuke(self, *flags: str) -> str:
        self.step(f"benchfleet nuke --yes {' '.join(flags)}".strip())
        return self.command("nuke", "--yes", *flags)

    def command(self, *words: str, cwd: Path | None = None, code: int = 0) -> str:
        """stdout of `benchfleet …`. Raises Failed unless it ends with `code`."""
        environment = {**self.laptop.environment(), "BENCHFLEET_PROFILE": "aws-dev"}
        if words[0] in ("deploy", "nuke"):
            del environment["BENCHFLEET_PROFILE"]  # there may be none yet
        said: list[str] = []
        start = subprocess.Popen if words[0] == "deploy" else prepared_start.Popen
        with TemporaryFile("w+") as out:
            with start(
                [*BENCHFLEET, *words], cwd=cwd or self.folder, env=environment, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.PIPE, text=True, errors="replace",
            ) as process:  # fmt: skip
                for line in process.stderr or ():
                    said.append(line)
                    if line.startswith(STEP):
                        self.step(f"    {line.removeprefix(STEP).strip()}")
            out.seek(0)
            told = out.read()
        if process.returncode != code:
            raise Failed(f"benchfleet {words[0]} ended with {process.returncode}:\n{told}\n{''.join(said)}")
        return told

    def get(self, path: str) -> Any:
        """Of the deployed API, as the admin. A gateway that waited too long for a function's start is asked again."""
        profile = read_profiles(self.laptop.profiles).profiles["aws-dev"]
        headers = {"Authorization": f"Bearer {profile.key}"}

        def answer() -> httpx.Response | None:
            found = httpx.get(f"{profile.api_url}{path}", headers=headers, timeout=60)
            return None if found.status_code in GATEWAY_GAVE_UP else found.raise_for_status()

        return self.until(f"GET {path} is answered", answer).json()

    def config(self, name: str, **more: Any) -> str:
        path = self.folder / f"{name}.json"
        mock = {"workload": "mock", "workload_options": {"steps": 1, "step_s": 0.05}, "per_instance_type": {"tasks": 2}}
        path.write_text(json.dumps({**mock, **more}))
        return str(path)

    def run(self, run_id: str, **config: Any) -> None:
        """`benchfleet run` from start to end, on machines that the control plane brings and ends. Raises Failed."""
        self.step(f"benchfleet run --run-id {run_id}, on {', '.join(config['provision'])}")
        self.command("run", "-c", self.config(run_id, **config), "--run-id", run_id, "--yes", "--results", "results")
        self.require_over(run_id)

    def at_work(self, run_id: str, **config: Any) -> None:
        """A run that works until somebody ends it. Raises Failed."""
        self.step(f"benchfleet run --run-id {run_id} --detach, on {', '.join(config['provision'])}")
        path = self.config(run_id, **config, workload_options={"steps": 600, "step_s": 1})
        self.command("run", "-c", path, "--run-id", run_id, "--yes", "--detach")

    def until_it_works(self, run_id: str, machines: int) -> None:
        """Raises Failed."""
        self.until(
            f"{machines} machines work for {run_id}",
            lambda: self.get(f"/runs/{run_id}")["tasks"]["running"] >= machines or None,
        )

    def stop(self, run_id: str) -> None:
        """Its control plane ends its machines: `require_ended` sees to that. Raises Failed."""
        self.step(f"benchfleet runs stop {run_id}")
        self.command("runs", "stop", run_id, "--yes")

    def nuke_run(self, run_id: str) -> None:
        """A run of one machine is stopped, and its machine ended. Raises Failed."""
        told = self.nuke("--run-id", run_id)
        if "is stopped, 1 machine ended; nothing of it is left" not in told or self._ended(run_id) is None:
            raise Failed(f"{told}\n{self.get(f'/runs/{run_id}/launches')}")

    def require_ended(self, run_id: str) -> list[dict[str, Any]]:
        """Its launches, once none has a machine any more. Raises Failed."""
        return self.until(f"the machines of {run_id} have ended", lambda: self._ended(run_id))

    def require_over(self, run_id: str) -> None:
        """All tasks done, the archive there, every machine ended in order. Raises Failed."""
        run = self.get(f"/runs/{run_id}")
        if (run["tasks"]["completed"], run["archive"]["state"]) != (run["tasks"]["total"], "ready"):
            raise Failed(f"run {run_id}: {run}\n{self.get(f'/runs/{run_id}/launches')}")
        launches = self.require_ended(run_id)
        bad = [launch for launch in launches if launch["state"] != "ended" or launch["failure"]]
        if bad or not launches:
            raise Failed(f"machines of run {run_id} did not end in order: {bad}")

    def _ended(self, run_id: str) -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = self.get(f"/runs/{run_id}/launches")["launches"]
        return found if all(launch["state"] in OVER for launch in found) else None

    def until(self, words: str, look: Callable[[], T | None]) -> T:
        """Raises Failed."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            if (found := look()) is not None:
                return found
            time.sleep(LOOK_S)
        raise Failed(f"not so after {WAIT_S} s: {words}")

    def require_no_machine(self) -> None:
        """Raises Failed."""
        left = [each for each in self.account.door("resources")["resources"] if each["type"] in MACHINES]
        if left:
            raise Failed(f"machines are left: {left}")

    def require_nothing_denied(self) -> None:
        """Of nobody since it was last asked: functions, machines, services. Raises Failed."""
        every = self.account.door("calls?allowed=false")["calls"]
        denied, self._denials = every[self._denials :], len(every)
        if denied:
            words = {f"{call['role']}: {call['action']} on {call['resource']} ({call['reason']})" for call in denied}
            raise Failed("denied:\n" + "\n".join(sorted(words)))

    def unneeded(self) -> Iterator[tuple[str, str, str]]:
        """Role, action, resource of every permission that no call took."""
        for role in self.account.door("permissions")["roles"]:
            assert "not_understood" not in role, role
            for each in role["unneeded"]:
                yield role["role"].removeprefix("benchfleet-dev-"), each["action"], each["resource"]

    def until_taken(self, role: str, action: str) -> None:
        """Until a call of this role took it. Raises Failed."""
        words = f"{role} has called {action}"
        self.until(words, lambda: (role, action) not in {each[:2] for each in self.unneeded()} or None)

    def require_all_needed(self, excepted: Mapping[tuple[str, str, str], str]) -> None:
        """`excepted`: patterns of role, action and resource, and why no call of a rehearsal takes it. Raises Failed."""
        found = [each for each in self.unneeded() if not any(_like(each, pattern) for pattern in excepted)]
        if found:
            raise Failed("allowed, and needed by no call:\n" + "\n".join(" ".join(each) for each in found))


def _like(permission: tuple[str, str, str], pattern: tuple[str, str, str]) -> bool:
    return all(fnmatchcase(part, like) for part, like in zip(permission, pattern, strict=True))
