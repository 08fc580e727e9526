"""The pass: each workload has a server of its own, which is loaded while the profiler looks, so that profiles do not mix."""

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchfleet_contract.http_results import Profile
from benchfleet_contract.workloads.http import HttpOptions

from runner_image.isolation.protocol import Running, Slot
from runner_image.workloads.files import read_plain, write_plain
from runner_image.workloads.http.contract.workload import HttpWorkload
from runner_image.workloads.http.frameworks.record import Framework
from runner_image.workloads.http.life.failures import tail
from runner_image.workloads.http.life.server import Server
from runner_image.workloads.http.load.driver import Driver, Target, ToolFailed
from runner_image.workloads.http.measure import request_of
from runner_image.workloads.http.profiling import profilers, speedscope
from runner_image.workloads.http.profiling.profilers import Profiler, words
from runner_image.workloads.http.serving import gate_of, server_of
from runner_image.workloads.http.source import Placed
from runner_image.workloads.protocol import WorkloadError

FOLDER = "profiles"
LONGEST_RAW = 256 * 1024**2  # bytes that are converted
_LEAD_S, _LATE_S, _POLL_S = 2.0, 60.0, 0.1  # the profiler's own start, its end, a look


class _NoProfile(Exception):
    """Why there is none."""


@dataclass(frozen=True)
class Pass:
    """`work_dir` gets `profiles/<workload>.<profiler>.speedscope.json`. `slot` starts servers, `cores` are the generator's."""

    slot: Slot
    options: HttpOptions
    found: Placed
    saturation: Driver
    work_dir: Path
    cores: Sequence[int] = ()
    on_step: Callable[[str], None] = lambda _what: None

    def profiles(self, asked: Sequence[HttpWorkload]) -> Iterator[Profile]:
        """One for each workload, with why it is missing where it is. Raises Stopped when the task was stopped."""
        profiler = profilers.chosen(self.options.profiler, self.found.framework.runtime)
        why = self._unavailable(profiler)
        for one in asked:
            self.on_step(f"profiling {one.name}")
            yield _missing(profiler, one, why) if why else self._profile(profiler, one)

    def _unavailable(self, profiler: Profiler) -> str | None:
        start = self.found.framework.start
        if profiler.is_built_in and start[0] not in profiler.programs:
            return f"unavailable: the app is started by {start[0]}: {profiler.remedy}"
        code = self.slot.run(list(profiler.probe), cwd=self.work_dir, environment={}, on_line=lambda _line: None)
        return f"unavailable: {profiler.name} is not here: {profiler.remedy}" if code else None

    def _profile(self, profiler: Profiler, asked: HttpWorkload) -> Profile:
        folder = self.work_dir / FOLDER / "raw"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{asked.name.replace('/', '-')}.{profiler.name}.speedscope.json"
        try:
            self._looked_at(profiler, asked, folder)
            told = self._told(profiler, folder, f"{self.found.framework.name} {asked.name}")
        except (_NoProfile, WorkloadError, ToolFailed) as error:
            return _missing(profiler, asked, str(error))
        finally:
            shutil.rmtree(folder)
        write_plain(self.work_dir / FOLDER / name, json.dumps(told).encode())
        return Profile(
            profiler=profiler.name, workload=asked.name, file=f"{FOLDER}/{name}", samples=speedscope.count(told),
            hottest=speedscope.hottest(told),
        )  # fmt: skip

    def _looked_at(self, profiler: Profiler, asked: HttpWorkload, folder: Path) -> None:
        """The server has ended when this returns, which is when a built-in profiler has written its file."""
        write_plain(folder / profilers.EXIT_SCRIPT, profilers.EXIT.encode())
        found = replace(self.found, framework=_with_flags(self.found.framework, profiler, folder))
        with server_of(self.slot, found, self.options, folder) as server:
            gate = gate_of(server, found)(asked)
            if gate.status != "pass":
                raise _NoProfile("; ".join(gate.reasons))
            seconds = max(1, round(self.options.effective().duration_s))
            try:
                with self._attached(profiler, server, folder, seconds):
                    self.saturation.saturate(
                        Target(server.port), request_of(asked, gate), connections=max(self.options.effective().concurrencies),
                        duration_s=seconds + _LEAD_S, cores=self.cores,
                    )  # fmt: skip
            finally:
                server.alive()  # what a profiler or a load tool says of a server that died explains nothing

    @contextlib.contextmanager
    def _attached(self, profiler: Profiler, server: Server, folder: Path, seconds: int) -> Iterator[None]:
        if profiler.is_built_in:
            yield
            return
        pids = sorted(server.pids())
        if not pids:
            raise _NoProfile("no process of the server runs any more")
        command = words(
            profiler.attach, raw=folder / "raw", pid=server.pid if server.pid in pids else pids[0],
            pids=",".join(map(str, pids)), seconds=seconds, rate=profilers.RATE_HZ,
        )  # fmt: skip
        log = folder / "profiler.log"
        running = self.slot.start(command, cwd=folder, environment={}, stdout=log)
        try:
            yield
            _ended_rightly(profiler, running, log)
        finally:
            running.stop(grace_s=0.2)

    def _told(self, profiler: Profiler, folder: Path, name: str) -> dict[str, object]:
        raw = self._raw(profiler, folder)
        try:
            told = profiler.convert(raw, name)
        except (ValueError, KeyError, TypeError) as error:
            raise _NoProfile(f"{profiler.name} wrote what cannot be read: {type(error).__name__} {error}") from error
        if not speedscope.count(told):
            raise _NoProfile(f"{profiler.name} saw nothing run: the load was too short, or the process was another one")
        return told

    def _raw(self, profiler: Profiler, folder: Path) -> bytes:
        if profiler.then:
            lines: list[str] = []
            self.slot.run(words(profiler.then, raw=folder / "raw"), cwd=folder, environment={}, on_line=lines.append)
            return "\n".join(lines).encode()
        written = sorted(
            folder.glob("*.cpuprofile" if profiler.is_built_in else "raw"), key=lambda one: one.stat().st_size
        )
        if not written or written[-1].stat().st_size > LONGEST_RAW:
            raise _NoProfile(f"{profiler.name} wrote no file of at most {LONGEST_RAW} bytes: {profiler.remedy}")
        return read_plain(written[-1])


def _ended_rightly(profiler: Profiler, running: Running, log: Path) -> None:
    end = time.monotonic() + _LATE_S
    while (code := running.poll()) is None:
        if time.monotonic() > end:
            raise _NoProfile(f"{profiler.name} did not end within {_LATE_S:g} s of its time")
        time.sleep(_POLL_S)
    if code:
        raise _NoProfile(f"{profiler.name} ended with {code}: {tail(log)[-500:]}: {profiler.remedy}")


def _with_flags(framework: Framework, profiler: Profiler, folder: Path) -> Framework:
    program, *rest = framework.start
    return framework.model_copy(update={"start": (program, *words(profiler.flags, folder=folder), *rest)})


def _missing(profiler: Profiler, asked: HttpWorkload, why: str) -> Profile:
    return Profile(profiler=profiler.name, workload=asked.name, missing=why)
