"""A workload of one shell line. Runner processes of tests import it, so it imports nothing that only tests need."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract.results import BenchmarkFailure, Measurement, Output

from runner_image.isolation.protocol import OfficialImage
from runner_image.workloads.protocol import Job, Outcome, Prepared, Progress, Slot, WorkloadError


@dataclass
class Tiny:
    """Runs one shell line; what it prints is its result."""

    line: str = "echo measured"
    measurements: int = 1
    failures: int = 0
    cpu_affinity: list[int] | None = None
    name: str = "tiny"
    credentials: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()
    during: Callable[[], None] = lambda: None
    asked: dict[str, Any] = field(default_factory=dict)

    def image(self, job: Job) -> OfficialImage | None:
        return None

    def prepare(self, job: Job, slot: Slot, report: Callable[[Progress], None]) -> Prepared:
        self.asked = dict(job.options)
        return Prepared(command=["sh", "-c", self.line], versions={"tiny": "1"}, suite_commit="abc")

    def run(self, job: Job, prepared: Prepared, slot: Slot, report: Callable[[Progress], None]) -> int:
        report(Progress(percent=40, benchmark="one", message="half way"))
        self.during()
        with (job.work_dir / "output.txt").open("w") as out:
            return slot.run(
                prepared.command,
                cwd=job.work_dir,
                environment={"EXTRA": "1"},
                on_line=lambda line: print(line, file=out),
            )

    def collect(self, job: Job, prepared: Prepared, exit_code: int) -> Outcome:
        if exit_code:
            raise WorkloadError("Benchmark execution failed")
        one = {
            "variant": "default",
            "unit": "s",
            "better": "lower",
            "samples": [1.0],
            "cpu_affinity": self.cpu_affinity,
        }
        output = Output(
            workload=self.name,
            measurements=[Measurement(benchmark=f"m{n}", **one) for n in range(self.measurements)],
            failures=[
                BenchmarkFailure(benchmark=f"f{n}", variant="default", reason="boom") for n in range(self.failures)
            ],
        )
        (job.work_dir / "output.json").write_text(output.model_dump_json())
        return Outcome(output=output, exit_code=exit_code)
