"""A simulator that starts three fleets, works on, and collects their results: `python docs/examples/fleet_simulator.py FOLDER`.

FOLDER has `scenarios/<name>/fleet-manifest.json` for each scenario. The control plane is $BENCHFLEET_URL with
$BENCHFLEET_API_KEY, or that of `benchfleet login`; runners that hold the providers' keys take the work (docs/fleet.md).
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchfleet.fleet import FleetBenchmark, ResultsNotReady

SCENARIOS = ("baseline", "optimized", "experimental")


class Simulator:
    """`runs` has the run of each scenario that was started."""

    def __init__(self, folder: Path, fleet: FleetBenchmark, *, say: Callable[[str], None] = print) -> None:
        self.folder, self.fleet, self.say = folder, fleet, say
        self.runs: dict[str, str] = {}

    def start_scenario(self, name: str) -> str:
        """Returns at once, with the id of the run."""
        handle = self.fleet.execute_fleet(self.folder / "scenarios" / name / "fleet-manifest.json")
        self.runs[name] = handle.run_id
        return handle.run_id

    def is_scenario_complete(self, name: str) -> bool:
        """Raises what is no passing state: a run that is not there, a control plane that does not answer."""
        if name not in self.runs:
            return False
        try:
            self.fleet.get_fleet_results(self.runs[name])
        except ResultsNotReady:
            return False
        return True

    def get_scenario_results(self, name: str) -> dict[str, Any]:
        """Waits for the run. Raises RunFailed at once if it has failed, WaitTimeout after ten minutes."""
        results = self.fleet.wait_for_completion(self.runs[name], timeout_ms=600_000, poll_interval_ms=500)
        summary = results["fleet_summary"]
        return {
            "success_rate": summary["success_rate"],
            "total_cost": summary["total_cost"],  # None where no price is known
            "avg_latency": summary["avg_duration_ms"],
            "repositories": results["total_repositories"],
            "providers": sorted(results["provider_breakdown"]),
        }

    def run_simulation(self, work: Callable[[], None] = lambda: time.sleep(5)) -> dict[str, dict[str, Any]]:
        for name in SCENARIOS:
            self.say(f"{name}: started as {self.start_scenario(name)}")
        work()  # whatever else there is to do
        found = {name: self.get_scenario_results(name) for name in self.runs}
        for name, told in found.items():
            cost = "unknown" if told["total_cost"] is None else f"${told['total_cost']:.4f}"
            self.say(
                f"{name}: {told['success_rate']:.2%} succeeded, {told['avg_latency']:.0f} ms on average, cost {cost}"
            )
        return found


if __name__ == "__main__":
    root = Path(sys.argv[1])
    with FleetBenchmark(root / "simulation-results", default_concurrency=15) as client:
        Simulator(root, client).run_simulation()
