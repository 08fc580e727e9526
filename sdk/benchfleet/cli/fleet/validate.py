"""`benchfleet fleet validate`."""

from typing import TYPE_CHECKING

from benchfleet.cli.fleet.options import Concurrency, Config, Delay, ManifestFile
from benchfleet.cli.options import AsJson
from benchfleet.cli.sentences import warn

if TYPE_CHECKING:
    from benchfleet_contract.fleets.plan import FleetPlan

    from benchfleet.cli.documents.fleet import FleetValidated


def run(
    manifest: ManifestFile,
    config: Config = None,
    concurrency: Concurrency = 5,
    delay_ms: Delay = None,
    as_json: AsJson = False,
) -> None:
    """Check a manifest with its datasets and providers, and show what it comes to. Nothing is sent, nobody is asked.

    All problems are told at once, with file, line and path (exit code 4; 3 for the file of providers).
    """
    from benchfleet_contract.fleets.plan import Defaults

    from benchfleet.cli.output import print_document
    from benchfleet.fleet.reading import read_input

    defaults = Defaults(concurrency=concurrency, request_delay_ms=delay_ms)
    found = _validated(read_input(manifest, defaults=defaults, config_path=config).plan)
    if as_json:
        print_document(found)
    else:
        _tell(found)


def _validated(plan: "FleetPlan") -> "FleetValidated":
    from benchfleet_contract.fleets.plan_summary import summary_of

    from benchfleet.cli.documents.fleet import FleetValidated, ShardPlanned, TargetEstimated
    from benchfleet.fleet.estimating import estimate

    costs = estimate(plan)
    shards = [
        ShardPlanned(
            repository_id=one.repository_id, scenario=one.scenario, target=one.target.spec, requests=len(one.tests)
        )
        for one in plan.shards
    ]
    targets = [
        TargetEstimated(
            target=one.target.spec, requests=one.requests, prompt_tokens=one.prompt_tokens,
            completion_tokens=one.completion_tokens, at_most_usd=one.at_most_usd,
        )
        for one in costs.targets
    ]  # fmt: skip
    most = plan.settings.max_cost
    return FleetValidated(
        plan=summary_of(plan), shards=shards, targets=targets, at_most_usd=costs.at_most_usd,
        max_cost_usd=None if most is None else float(most), warnings=[*plan.warnings, *costs.warnings],
    )  # fmt: skip


def _tell(found: "FleetValidated") -> None:
    from benchfleet.cli.fleet.shown import usd
    from benchfleet.cli.output import plain_table, print_table

    shards = plain_table("repository", "model", "requests")
    for shard in found.shards:
        where = "/".join(filter(None, [shard.repository_id, shard.scenario]))
        shards.add_row(where, shard.target, str(shard.requests))
    print_table(shards)
    print()
    targets = plain_table("model", "requests", "prompt tokens", "answer tokens at most", "cost at most, USD")
    for column in (*shards.columns[2:], *targets.columns[1:]):
        column.justify = "right"
    for one in found.targets:
        cost = "unknown" if one.at_most_usd is None else f"{one.at_most_usd:.4f}"
        numbers = (one.requests, one.prompt_tokens, one.completion_tokens)
        targets.add_row(one.target, *map(str, numbers), cost)
    print_table(targets)
    plan = found.plan
    limit = "" if found.max_cost_usd is None else f"; max_cost is {found.max_cost_usd:g} USD"
    print(f"\n{plan.fleet_id}: {plan.requests} requests in {plan.shards} benchmarks, {len(plan.targets)} models")
    print(f"Cost at most: {usd(found.at_most_usd)}{limit}")
    for warning in found.warnings:
        warn(warning)
