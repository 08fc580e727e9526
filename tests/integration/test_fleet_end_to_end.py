"""A fleet from its manifest to its results: the guide's manifest unchanged, a runner process, a loopback provider."""

from pathlib import Path

from benchfleet.fleet.client import FleetBenchmark

from local_emulator.stack import Emulator
from tests.integration.fleet_project import make_project, work
from tests.providers import Behaviour, Providers, Rule, serving


def test_the_guides_manifest_runs_unchanged(emulator: Emulator, tmp_path: Path) -> None:
    """One prompt of one repository is refused: right status, right totals, everything else is kept."""
    refused = Rule(prompt="say hello 2", behaviour=Behaviour(status=400, message="no such thing"))
    with serving(Providers(default=Behaviour(pieces=("well, ", "hello there")), rules=[refused])) as providers:
        project = make_project(tmp_path / "project", providers)
        fleet = FleetBenchmark(
            tmp_path / "out",
            config_path=project / "fleet.toml",
            url=emulator.ready.api_url,
            api_key=emulator.ready.keys.admin,
        )
        with fleet:
            handle = fleet.execute_fleet(project / "fleet-manifest.json")
            assert handle.run_id.startswith("my-simulator-fleet-")
            work(emulator, handle.run_id, tmp_path)
            results = fleet.wait_for_completion(handle.run_id, timeout_ms=60_000, poll_interval_ms=200)
            folder = fleet.fetch_artifacts(handle.run_id)
    summary = results["fleet_summary"]
    assert (summary["total_tests"], summary["total_succeeded"], summary["total_failed"]) == (12, 8, 4)
    assert set(results["provider_breakdown"]) == {"openai", "anthropic"}
    assert results["total_repositories"] == 2
    assert len(providers.served) == 8
    assert all("{{" not in asked.prompt for asked in providers.asked)
    assert (folder / "fleet-results.json").is_file()
    assert (folder / "fleet-summary.csv").read_text().startswith("fleet_id,")
    first = results["repository_results"][0]
    assert first["repository_id"] == "repo-1"
    assert [one["status"] for one in first["results"]["results"]] == ["success", "success", "failure"]
