"""Results folders as `benchfleet run` leaves them, with made-up numbers: for tests of the report, and for its pictures."""

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchfleet_contract.names import folder_name

Values = Mapping[str, Sequence[float]]


def measurement(
    benchmark: str,
    samples: Sequence[float],
    *,
    variant: str = "interp",
    metric: str = "time",
    unit: str = "s",
    better: str = "lower",
) -> dict[str, Any]:
    return {
        "benchmark": benchmark,
        "variant": variant,
        "metric": metric,
        "unit": unit,
        "better": better,
        "samples": list(samples),
    }


@dataclass
class TaskFolder:
    """A task of a run to be. `measurements` None: nothing was uploaded, and `entry` of the manifest says why."""

    instance_type: str
    measurements: Sequence[Mapping[str, Any]] | None = None
    provider: str = "aws"
    alias: str | None = None
    failures: Sequence[Mapping[str, str]] = ()
    entry: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    subject: str | None = None
    part: str | None = None
    repeat: int | None = None


def of_values(instance_type: str, values: Values, **more: Any) -> TaskFolder:
    """benchmark → samples in seconds, under `interp`."""
    return TaskFolder(instance_type, [measurement(name, samples) for name, samples in values.items()], **more)


def write_run(
    results: Path,
    run_id: str,
    tasks: Sequence[TaskFolder],
    *,
    workload: str = "ruby-bench",
    manifest: bool = True,
    about: Mapping[str, Any] | None = None,
) -> Path:
    """`results/<run_id>/` with run.json, manifest.json and the tasks' folders."""
    folder = results / run_id
    folder.mkdir(parents=True)
    entries = [_write_task(folder, run_id, n, task, workload) for n, task in enumerate(tasks, start=1)]
    if manifest:
        (folder / "manifest.json").write_text(json.dumps({"schema_version": 1, "run_id": run_id, "tasks": entries}))
        told = {
            "run_id": run_id, "status": "completed", "reason": None, "workload": workload, "workload_options": {},
            "created_at": "2026-11-22T06:00:00Z", "ruby_version": None, **(about or {}),
        }  # fmt: skip
        (folder / "run.json").write_text(json.dumps(told))
    return folder


def _write_task(folder: Path, run_id: str, number: int, task: TaskFolder, workload: str) -> dict[str, Any]:
    name = folder_name("-".join(filter(None, [task.alias or task.instance_type, task.subject])), "", number)
    if task.measurements is not None:
        (folder / name).mkdir()
        output = {
            "schema_version": 1, "workload": workload, "measurements": list(task.measurements),
            "failures": list(task.failures),
        }  # fmt: skip
        (folder / name / "output.json").write_text(json.dumps(output))
        (folder / name / "metadata.json").write_text(json.dumps(_metadata(run_id, number, task, workload)))
    here = task.measurements is not None
    return {
        "number": number, "id": f"{run_id}.{number}", "provider": task.provider, "instance_type": task.instance_type,
        "alias": task.alias, "run_number": task.repeat or number, "status": "completed" if here else "failed", "attempt": 1,
        "failure_class": None, "error_type": None, "error_message": None, "reason": None, "folder": name,
        "archived": "files" if here else "nothing", "archived_reason": None, "path": f"{name}/" if here else None,
        **_named(task), **task.entry,
    }  # fmt: skip


def _metadata(run_id: str, number: int, task: TaskFolder, workload: str) -> dict[str, Any]:
    machine = {
        "cpu_model": f"CPU of {task.instance_type}", "logical_cores": 2, "physical_cores": 2, "pinned_cores": [1],
        "memory_bytes": 4 * 1024**3, "architecture": "aarch64", "kernel": "6.12.0", "operating_system": "Debian 12",
        "governor": "performance", "container_image": None, "cloud": {"instanceId": f"i-{run_id}-{number}"},
        **task.machine,
    }  # fmt: skip
    return {
        "task_id": f"{run_id}.{number}", "provider": task.provider, "instance_type": task.instance_type,
        "ruby_version": None, "run": task.repeat or number, "start_time": f"2026-11-22T06:{number % 60:02d}:00Z",
        "end_time": f"2026-11-22T07:{number % 60:02d}:00Z", "status": "partial" if task.failures else "success",
        "runner_id": f"host{number}-1-2-s1", "alias": task.alias, "run_id": run_id, "attempt": 1,
        "workload": workload, "workload_options": {}, "reason": None,
        "provenance": {
            "machine": machine, "versions": {"ruby-interp": "3.4.7", **task.versions}, "suite_commit": "09b76c8",
            "command": [],
        },
        **_named(task), **task.metadata,
    }  # fmt: skip


def _named(task: TaskFolder) -> dict[str, str]:
    """As older archives, whose tasks have neither."""
    return {name: value for name, value in (("subject", task.subject), ("part", task.part)) if value}


# benchmark → seconds under interp and yjit, about as ruby-bench has them
_BENCHMARKS = {
    "binarytrees": (0.99, 0.72), "fannkuchredux": (1.18, 0.61), "fib": (0.46, 0.10), "getivar": (0.20, 0.03),
    "matmul": (0.89, 0.43), "nbody": (0.21, 0.16), "nqueens": (0.29, 0.18), "respond_to": (0.84, 0.23),
    "setivar": (0.15, 0.02), "str_concat": (0.40, 0.35), "sudoku": (0.89, 0.52), "throw": (0.084, 0.064),
}  # fmt: skip
# provider, instance type, alias, CPU, kernel, times as slow, spread between tasks
_MACHINES = (
    ("aws", "c8g.large", None, "Arm Neoverse-V2", "6.12.48-64.114.amzn2023.aarch64", 1.00, 0.006),
    ("aws", "c7g.large", None, "Arm Neoverse-V1", "6.12.48-64.114.amzn2023.aarch64", 1.27, 0.007),
    ("aws", "c7i.large", None, "Intel Xeon Platinum 8488C", "6.12.48-64.114.amzn2023.x86_64", 1.12, 0.018),
    ("azure", "Standard_D2ps_v6", "d2ps-v6", "Arm Neoverse-N2", "6.11.0-1018-azure", 1.13, 0.012),
    ("azure", "Standard_D2as_v6", "d2as-v6", "AMD EPYC 9004", "6.11.0-1018-azure", 1.01, 0.015),
    ("hetzner", "cax21", None, "Arm Neoverse-N1", "6.1.0-37-arm64", 1.58, 0.045),
)


def realistic(
    results: Path, run_id: str, *, tasks: int = 4, seed: int = 7, slower: Mapping[str, float] | None = None
) -> Path:
    """Six machines, twelve benchmarks, two variants; one task failed, one lost a benchmark, one was cancelled.

    `slower` multiplies a benchmark's times, to have something to compare.
    """
    chance = random.Random(seed)
    taste = random.Random(1)  # of each machine for each benchmark: the same in every run
    likes = {(m[1], b): math.exp(taste.gauss(0, 0.06)) for m in _MACHINES for b in _BENCHMARKS}
    folders = [_realistic_task(machine, chance, likes, slower or {}) for machine in _MACHINES for _ in range(tasks)]
    folders[tasks + 1] = TaskFolder(
        "c7g.large",
        entry={"error_type": "timeout", "error_message": "The lease ran out: no sign of life for 120 s"},
    )
    lost = folders[-1]
    lost.measurements = [one for one in lost.measurements or () if one["benchmark"] != "sudoku"]
    lost.failures = [
        {"benchmark": "sudoku", "variant": v, "reason": "killed by signal 9 (out of memory)"}
        for v in ("interp", "yjit")
    ]
    folders[-2] = TaskFolder(
        "cax21", provider="hetzner", entry={"status": "cancelled", "reason": "the run was stopped"}
    )
    options = {"variants": ["interp", "yjit"], "warmup": 5, "bench": 15}
    return write_run(results, run_id, folders, about={"workload_options": options, "ruby_version": "3.4.7"})


def _realistic_task(
    machine: tuple[str, str, str | None, str, str, float, float],
    chance: random.Random,
    likes: Mapping[tuple[str, str], float],
    slower: Mapping[str, float],
) -> TaskFolder:
    provider, kind, alias, cpu, kernel, factor, spread = machine
    instance = math.exp(chance.gauss(0, spread))
    found = []
    for name, times in _BENCHMARKS.items():
        for variant, seconds in zip(("interp", "yjit"), times, strict=True):
            centre = seconds * factor * likes[kind, name] * instance * math.exp(chance.gauss(0, spread / 3))
            centre *= slower.get(name, 1.0)
            samples = [centre * math.exp(abs(chance.gauss(0, 0.012))) for _ in range(15)]
            found.append(measurement(name, samples, variant=variant))
    architecture = "x86_64" if "Arm" not in cpu else "aarch64"
    return TaskFolder(
        kind, found, provider=provider, alias=alias,
        machine={"cpu_model": cpu, "kernel": kernel, "architecture": architecture, "governor": None},
        versions={"ruby-yjit": "3.4.7 +YJIT +PRISM", "benchfleet": "0.1.0"},
    )  # fmt: skip
