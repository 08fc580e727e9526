"""Runs a workload as a runner does: prepare, run, collect, in a slot of real processes."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner_image.isolation.processes import ProcessIsolation
from runner_image.stopping import Stop
from runner_image.workloads.protocol import Job, Outcome, Prepared, Progress, Workload


@dataclass
class Slot:
    """`told` holds all progress, in order; `prepared` what the last `measure` prepared."""

    work_dir: Path
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    stop: Stop = field(default_factory=Stop)
    told: list[Progress] = field(default_factory=list)
    prepared: Prepared | None = None

    def measure(
        self, workload: Workload, options: dict[str, Any], *, task_id: str = "r.1", ruby_version: str | None = None
    ) -> Outcome:
        job = Job(task_id, self.work_dir, options, ruby_version=ruby_version, environment=self.environment)
        isolation = ProcessIsolation(self.environment)
        with isolation.open(self.work_dir, stop=self.stop) as slot:
            self.prepared = workload.prepare(job, slot, self.told.append)
            code = workload.run(job, self.prepared, slot, self.told.append)
            return workload.collect(job, self.prepared, code)

    @property
    def percents(self) -> list[int]:
        return [each.percent for each in self.told]

    def files(self) -> set[str]:
        return {path.name for path in self.work_dir.iterdir()}
