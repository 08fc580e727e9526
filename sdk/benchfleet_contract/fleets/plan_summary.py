"""A plan in numbers, before anything is sent."""

from benchfleet_contract.fleets.plan import FleetPlan, TestRequest
from benchfleet_contract.fleets.runs import FleetSummaryOfPlan

CHARS_PER_TOKEN = 4  # of English text, roughly: https://help.openai.com/en/articles/4936856


def summary_of(plan: FleetPlan) -> FleetSummaryOfPlan:
    tests = [test for shard in plan.shards for test in shard.tests]
    caps = [test.parameters.max_tokens for test in tests]
    return FleetSummaryOfPlan(
        fleet_id=plan.fleet_id, dialect=plan.dialect, repositories=len(plan.repositories),
        targets=[target.spec for target in plan.targets], shards=len(plan.shards), requests=plan.request_count,
        prompt_tokens_estimate=sum(prompt_tokens(test) for test in tests),
        completion_tokens_at_most=None if None in caps else sum(cap or 0 for cap in caps),
    )  # fmt: skip


def prompt_tokens(test: TestRequest) -> int:
    """A first idea; what is billed is what the provider reports."""
    return -(-len(test.prompt + (test.system or "")) // CHARS_PER_TOKEN)
