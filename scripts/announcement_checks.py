"""The eight checks of scripts/test-model-announcement.sh, against real processes: an emulator, an executor, the CLI.

`BEFORE_X1` to `BEFORE_X8` may hold a shell command each, which runs before that check with API_URL, BENCHFLEET_URL,
BENCHFLEET_API_KEY, EXECUTOR_ID and EXECUTOR_PID: the faults of the tests come in by it.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
CLI = (sys.executable, "-m", "benchfleet.cli.main")
START_S, STOP_S = 30.0, 10.0
Document = dict[str, Any]


class Broken(Exception):
    """What a check expected does not hold."""


@dataclass
class World:
    folder: Path
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    processes: list["subprocess.Popen[str]"] = field(default_factory=list)
    url: str = ""
    told: Document = field(default_factory=dict)
    executor: "subprocess.Popen[str] | None" = None
    last_seen: float = 0.0

    def setting(self, name: str, default: str) -> str:
        return self.environment.get(name) or default

    @property
    def interval_s(self) -> float:
        return float(self.setting("HEARTBEAT_INTERVAL", "1"))

    @property
    def timeout_s(self) -> float:
        return float(self.setting("TEST_TIMEOUT", "30"))

    @property
    def config(self) -> Path:
        return Path(self.setting("CONFIG_FILE", str(FOLDER.parent / ".devops" / "executor" / "models.toml")))

    @property
    def wanted(self) -> set[str]:
        return {model["model_id"] for model in tomllib.loads(self.config.read_text())["models"]}

    def start(self, name: str, *argv: str, **more: str) -> "subprocess.Popen[str]":
        log = (self.folder / f"{name}.log").open("w")
        with log:
            process = subprocess.Popen(
                [*CLI, *argv], env={**self.environment, **more}, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def run(self, *argv: str) -> tuple[int, Document]:
        """Exit code and document of a command."""
        try:
            done = subprocess.run(
                [*CLI, *argv, "--json"], env=self.environment, capture_output=True, text=True, timeout=self.timeout_s,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Broken(f"{' '.join(argv)} took longer than TEST_TIMEOUT, {self.timeout_s} s") from None
        return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else {}

    def get(self, path: str) -> tuple[int, Document]:
        return asked(self.url + path, self.environment.get("BENCHFLEET_API_KEY", ""))

    def shown(self) -> Document:
        status, document = self.get(f"/executors/{self.told['executor_id']}")
        expect(status == 200, f"GET /executors/{self.told['executor_id']}: {status}")
        return document

    def close(self) -> None:
        """SIGCONT, since a fault may have stopped one."""
        for process in reversed(self.processes):
            for number in (signal.SIGCONT, signal.SIGTERM):
                if process.poll() is None:
                    process.send_signal(number)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def asked(url: str, key: str = "") -> tuple[int, Document]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else {}
    except OSError:
        return 0, {}


def expect(holds: object, words: str) -> None:
    if not holds:
        raise Broken(words)


def within(seconds: float, seen: Callable[[], object], words: str) -> None:
    ends = time.monotonic() + seconds
    while not seen():
        expect(time.monotonic() < ends, f"{words} within {seconds:g} s")
        time.sleep(0.1)


def validator(world: World) -> None:
    """X1: /health is 200, and says that announcements are taken."""
    ready = world.folder / "ready.json"
    port = world.setting("VALIDATOR_PORT", "8080")
    process = world.start("validator", "emulator", "--port", port, "--ready-file", str(ready), "--sweep-every", "1")
    within(START_S, lambda: ready.exists() or process.poll() is not None, "the emulator is ready")
    expect(process.poll() is None, f"the emulator ended: see {world.folder}/validator.log")
    document = json.loads(ready.read_text())
    world.url = document["api_url"]
    world.environment |= {
        "API_URL": world.url, "BENCHFLEET_URL": world.url, "BENCHFLEET_API_KEY": document["keys"]["admin"],
        "RUNNER_KEY": document["keys"]["runner"], "VALIDATOR_ADDRESS": world.url,
    }  # fmt: skip
    status, health = world.get("/health")
    expect(status == 200 and health.get("status") == "ok", f"GET /health: {status} {health}")
    expect(health.get("announcements"), "announcements are off (SUBSCRIBE_ANNOUNCEMENTS)")


def announces(world: World) -> None:
    """X2: it lives, prints its line, and its /healthz is 200."""
    flags = ["--config", str(world.config), "--json"]
    interval = {"HEARTBEAT_INTERVAL": f"{world.interval_s:g}", "BENCHFLEET_API_KEY": world.environment["RUNNER_KEY"]}
    named = {"EXECUTOR_ID": world.setting("EXECUTOR_ID", f"test-{os.getpid()}")}
    process = world.executor = world.start("executor", "executor", *flags, **interval, **named)
    line: list[str] = []
    reader = threading.Thread(
        target=lambda: line.append(process.stdout.readline() if process.stdout else ""), daemon=True
    )
    reader.start()
    reader.join(min(START_S, float(world.setting("START_TIMEOUT", str(START_S)))))
    expect(line and line[0], f"no line of the executor: see {world.folder}/executor.log")
    world.told = json.loads(line[0])
    world.environment |= {"EXECUTOR_ID": world.told["executor_id"], "EXECUTOR_PID": str(process.pid)}
    expect(world.told["models"] == len(world.wanted), f"{world.told['models']} models of {len(world.wanted)}")
    status, _ = asked(world.told["healthz"])
    expect(status == 200 and process.poll() is None, f"{world.told['healthz']}: {status}")


def stored(world: World) -> None:
    """X3: the models are those of the config, and there is one event of this generation."""
    shown = world.shown()
    found = set(shown["executor"]["model_ids"])
    expect(found == world.wanted, f"it has {sorted(found)}, not {sorted(world.wanted)}")
    events = [event for event in shown["events"] if event["type"] == "announced"]
    mine = [event for event in events if event["generation"] == world.told["generation"]]
    expect(len(mine) == 1, f"{len(mine)} announcements of generation {world.told['generation']}")


def discovered(world: World) -> None:
    """X4: `models discover` has each of them."""
    code, document = world.run("models", "discover")
    expect(code == 0, f"models discover: exit code {code}")
    counts = {model["model_id"]: model["executor_count"] for model in document["models"]}
    missing = {name for name in world.wanted if counts.get(name, 0) < 1}
    expect(not missing, f"models discover lacks {sorted(missing)}")


def queried(world: World) -> None:
    """X5: `models query` names exactly this executor; 3 where nobody has the model."""
    name = world.setting("QUERY_MODEL", "gpt-3.5-turbo")
    code, document = world.run("models", "query", name)
    expect(code == 0, f"models query {name}: exit code {code}")
    ids = [one["executor_id"] for one in document["executors"]]
    expect(ids == [world.told["executor_id"]], f"models query {name}: {ids}")
    nobody, _ = world.run("models", "query", "nobody-offers-this")
    expect(nobody == 3, f"models query of a model that nobody has: exit code {nobody}")


def beats(world: World) -> None:
    """X6: the executor's own counter rises."""

    def sent() -> int:
        status, facts = asked(world.told["healthz"])
        expect(status == 200, f"{world.told['healthz']}: {status}")
        return int(facts["heartbeats_sent"])

    first = sent()
    within(2 * world.interval_s + 1, lambda: sent() > first and sent() >= 1, "heartbeats_sent rises")


def heard(world: World) -> None:
    """X7: last_seen and sequence grow between two reads more than an interval apart."""
    before = world.shown()
    time.sleep(1.2 * world.interval_s)
    seen = before["executor"]["last_seen"]

    def grown() -> bool:
        now = world.shown()
        return bool(now["executor"]["last_seen"] > seen and now["sequence"] > before["sequence"])

    within(world.interval_s, grown, "last_seen and sequence grow")


def stale(world: World) -> None:
    """X8: killed, it is stale no earlier than three intervals after its last heartbeat, and gone after ten."""
    assert world.executor
    world.executor.kill()
    world.executor.wait()
    last = world.shown()["executor"]["last_seen"]
    path, interval_s = f"/executors/{world.told['executor_id']}", world.interval_s
    name = world.setting("QUERY_MODEL", "gpt-3.5-turbo")
    seen_stale_at: list[float] = []

    def gone() -> bool:
        status, document = world.get(path)
        if status == 200 and document["executor"]["status"] == "stale" and not seen_stale_at:
            seen_stale_at.append(document["server_time"])
            found = world.get(f"/models/find?model_id={name}")[1].get("executors", [])
            expect(not found, f"a stale executor is found for {name}")
        return status == 410

    within(10 * interval_s + 5, gone, "it is gone after ten intervals and a sweep:")
    expect(seen_stale_at, "it never was stale")
    expect(seen_stale_at[0] - last >= 3 * interval_s, f"stale after {seen_stale_at[0] - last:.1f} s")

    def types() -> list[str]:
        return [event["type"] for event in world.get(f"{path}/events")[1].get("events", [])]

    within(5, lambda: "expired" in types(), "there is an event `expired`")
    expect([types().count(word) for word in ("stale", "expired")] == [1, 1], f"events: {types()}")
    listed = [one["executor_id"] for one in world.get("/executors")[1]["executors"]]
    expect(world.told["executor_id"] not in listed, "it is listed still")


CHECKS: tuple[tuple[str, Callable[[World], None]], ...] = (
    ("Validator started and ready", validator),
    ("Executor started and announced models", announces),
    ("Validator received model announcements", stored),
    ("Client successfully discovered models", discovered),
    ("Client successfully queried specific model", queried),
    ("Executor heartbeat detected", beats),
    ("Validator processed heartbeat", heard),
    ("Validator detected stale executor", stale),
)


def checked(world: World) -> int:
    """How many hold. What needs a part that did not start is named as broken, too."""
    good = 0
    for number, (words, check) in enumerate(CHECKS, start=1):
        try:
            expect(number == 1 or world.url, "there is no validator")
            expect(number <= 2 or world.told, "there is no announced executor")
            if fault := world.environment.get(f"BEFORE_X{number}"):
                subprocess.run(["sh", "-c", fault], env=world.environment, check=False)
            check(world)
        except Broken as broken:
            print(f"❌ X{number} {words}: {broken}", flush=True)
        else:
            good += 1
            print(f"✅ X{number} {words}", flush=True)
    return good


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="benchfleet-announcements-"))
    world = World(folder)
    keep = world.setting("CLEANUP_ON_EXIT", "true").lower() == "false"
    try:
        with ExitStack() as after:
            if not keep:
                after.callback(world.close)
            good = checked(world)
    except KeyboardInterrupt:
        return 130
    print(f"{good} of {len(CHECKS)} hold", flush=True)
    if keep:
        pids = " ".join(str(process.pid) for process in world.processes if process.poll() is None)
        print(f"CLEANUP_ON_EXIT=false: logs in {folder}; still running: {pids or 'nothing'}", flush=True)
    elif good == len(CHECKS):
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    else:
        print(f"logs in {folder}", flush=True)
    return 0 if good == len(CHECKS) else 1


if __name__ == "__main__":
    sys.exit(main())
