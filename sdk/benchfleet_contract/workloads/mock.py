"""mock: numbers out of a hash, and a real child process that takes its time. For trying the system, not a machine."""

from pydantic import Field

from benchfleet_contract.workloads.kinds import Kind, no_shards
from benchfleet_contract.workloads.options import Options


class MockOptions(Options):
    """`step_s` seconds; `fail_at` the step at which the task fails; every `fail_every`-th benchmark alone fails."""

    steps: int = Field(default=3, ge=1, le=10_000, description="Benchmarks mock-1 to mock-n.")
    step_s: float = Field(default=0.1, ge=0, le=86_400, description="Seconds of each step.")
    seed: int = Field(default=0, description="Gives other numbers.")
    fail_at: int | None = Field(default=None, ge=1, description="The step at which the whole task fails.")
    fail_every: int | None = Field(default=None, ge=1, description="Every n-th benchmark fails, the others stay.")


KIND = Kind("mock", MockOptions, no_shards("mock has nothing that is worth splitting"), splits=False)
