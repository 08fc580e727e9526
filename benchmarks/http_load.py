"""How far the load on HTTP servers can be believed: rates held, latencies that are known, and tools run by hand.

python -m benchmarks http_load     takes about two minutes, and needs wrk and h2load
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.http_server import BODY, EVERY_S, FROZEN_S
from benchmarks.metric import Metric
from runner_image.isolation.processes import ProcessIsolation
from runner_image.stopping import Stop
from runner_image.workloads.http.load.commands import SlotCommands
from runner_image.workloads.http.load.cores import Cores, shared_out
from runner_image.workloads.http.load.driver import Driver, Latency, Request, Target
from runner_image.workloads.http.load.h2load import H2load
from runner_image.workloads.http.load.own import OpenLoop
from runner_image.workloads.http.load.wrk import Wrk

RATES = (1000, 2000, 3000, 4000, 5000, 6000, 8000, 10_000, 12_000)
LAG_MS, LEAST_RATE, CONNECTIONS = 5.0, 4000, 32
RATE_S, KNOWN_S, FROZEN_RUN_S, SATURATION_S, PAIRS = 2.0, 5.0, 14.0, 2, 7
RIGHT = Request(response_bytes=len(BODY), response_body=BODY)


def metrics() -> list[dict[str, Any]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessIsolation(dict(os.environ)).open(Path(folder), stop=Stop()) as slot,
    ):
        bench = Bench(SlotCommands(slot, Path(folder) / "load"), shared_out(sorted(os.sched_getaffinity(0))))
        found = [*bench.held(), *bench.known(), bench.frozen(), *bench.by_hand()]
    return [metric.as_dict() for metric in found]


@dataclass
class Served:
    port: int
    kept: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    commands: SlotCommands
    cores: Cores

    @contextmanager
    def server(self, mode: str) -> Iterator[Served]:
        """`kept` is known once the block is left."""
        command = [
            "taskset",
            "-c",
            ",".join(map(str, self.cores.server)),
            sys.executable,
            "-m",
            "benchmarks.http_server",
            mode,
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            served = Served(int(process.stdout.readline()))
            try:
                yield served
            finally:
                process.terminate()
                served.kept = json.loads(process.stdout.readline() or "{}")

    def latency(self, served: Served, *, rate: float, duration_s: float) -> Latency:
        tool, target = OpenLoop(self.commands), Target(served.port)
        return tool.open_loop(
            target, RIGHT, rate=rate, duration_s=duration_s, connections=4 * CONNECTIONS, cores=self.cores.generator
        )

    def saturation(self, tool: Driver, served: Served) -> float:
        return tool.saturate(
            Target(served.port), RIGHT, connections=CONNECTIONS, duration_s=SATURATION_S, cores=self.cores.generator
        ).rps

    def held(self) -> Iterator[Metric]:
        with self.server("at-once") as served:
            ceiling = self.saturation(Wrk(self.commands), served)
            tried = [(rate, self.latency(served, rate=rate, duration_s=RATE_S)) for rate in RATES]
        best = max((rate for rate, found in tried if _is_held(found)), default=0)
        lags = ", ".join(f"{rate}/s {found.dispatch_lag_p99_ms or 0:.1f} ms" for rate, found in tried)
        how = f"wrk's saturation of the same server: {ceiling:.0f}/s; dispatch lag p99 at {lags}"
        yield Metric("rate that the open loop holds on one core", best, "1/s", None, how)
        yield Metric(
            f"{LEAST_RATE}/s over that rate",
            round(LEAST_RATE / best, 2) if best else None,
            "",
            1,
            f"lag p99 <= {LAG_MS:g} ms",
        )

    def known(self) -> Iterator[Metric]:
        with self.server("spread") as served:
            found = self.latency(served, rate=1000, duration_s=KNOWN_S)
        sent_late, sent = found.dispatch_lag.p99 or 0.0, {"p50": found.service.p50, "p99": found.service.p99}
        for name, told in (("p50", found.response.p50), ("p99", found.response.p99)):
            truth = served.kept[name]
            error = None if told is None else abs(told - truth)
            how = (
                f"the server kept requests for {truth:.2f} ms, reported were {told:.2f} ms, {sent[name]:.2f} ms from the actual "
                f"send; requests left late by p99 {sent_late:.2f} ms; 1,000/s"
            )
            yield Metric(f"error of a known {name}", error and round(error, 3), "ms", 1, how)
            yield Metric(f"error of a known {name}, relative", error and round(100 * error / truth, 2), "%", 2, how)

    def frozen(self) -> Metric:
        """Frozen for F of every T seconds, a request due at random waits longer than x with probability (F - x) / T."""
        with self.server("frozen") as served:
            found = self.latency(served, rate=500, duration_s=FROZEN_RUN_S)
        theory = 1000 * (FROZEN_S - 0.05 * EVERY_S)
        told = found.response.p95
        how = f"p95 {told} ms, theory {theory:g} ms (here {FROZEN_S:g} of {EVERY_S:g} s)"
        return Metric("error of p95, frozen server", told and round(100 * abs(told / theory - 1), 1), "%", None, how)

    def by_hand(self) -> Iterator[Metric]:
        """Pairs by turns, first one then the other first: a drift hits both alike."""
        with self.server("busy") as served:
            for tool, by_hand in ((Wrk(self.commands), self.wrk), (H2load(self.commands), self.h2load)):
                ratios = []
                for turn in range(PAIRS):
                    first = self.saturation(tool, served) if turn % 2 else by_hand(served)
                    second = by_hand(served) if turn % 2 else self.saturation(tool, served)
                    ratios.append(first / second if turn % 2 else second / first)
                off = 100 * abs(statistics.median(ratios) - 1)
                how = f"median of {PAIRS} pairs; ours over by hand: {', '.join(f'{ratio:.3f}' for ratio in sorted(ratios))}"
                yield Metric(f"saturation beside {tool.name} by hand", round(off, 1), "%", 3, how)

    def wrk(self, served: Served) -> float:
        return self._said(r"Requests/sec:\s+([\d.]+)", "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SATURATION_S}s", served)

    def h2load(self, served: Served) -> float:
        words = ("h2load", "--h1", "-t1", f"-c{CONNECTIONS}", f"-D{SATURATION_S}")
        return self._said(r", ([\d.]+) req/s", *words, served)

    def _said(self, rate: str, *words: str | Served) -> float:
        *command, served = words
        assert isinstance(served, Served)
        said = self.commands(
            [*map(str, command), Target(served.port).url + "/"], timeout_s=60, cores=self.cores.generator
        )
        found = re.search(rate, said.stdout)
        assert found, said.stdout
        return float(found[1])


def _is_held(found: Latency) -> bool:
    lag = found.dispatch_lag_p99_ms
    return lag is not None and lag <= LAG_MS and found.achieved >= 0.99 * found.offered
