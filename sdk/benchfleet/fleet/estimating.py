"""What a fleet may cost, before anything is sent: by list prices or the provider file's own, at most and for each target."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from benchfleet_contract.fleets.plan import FleetPlan, Parameters, Shard, Target, TestRequest
from benchfleet_contract.fleets.plan_summary import prompt_tokens
from benchfleet_results.fleets.pricing import Prices, most_made
from benchfleet_results.fleets.tariffs import NoList


@dataclass(frozen=True)
class TargetEstimate:
    """`prompt_tokens` are a guess, `completion_tokens` the most. `at_most_usd` None: no price is known (of some test)."""

    target: Target
    requests: int
    prompt_tokens: int
    completion_tokens: int
    at_most_usd: float | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """`problems` keep a target from being measured at all: `max_cost` cannot be kept, or pays for none of its tests."""

    targets: list[TargetEstimate]
    at_most_usd: float | None
    warnings: list[str]
    problems: list[str]


def estimate(plan: FleetPlan, *, at: datetime | None = None) -> Estimate:
    """Makes no request. Warm-up requests, judges and retries are left out: a warning says so of a judge."""
    shards: dict[str, list[Shard]] = defaultdict(list)
    for shard in plan.shards:
        shards[shard.target.spec].append(shard)
    when, problems = at or datetime.now(UTC), list[str]()
    found = [_target(plan, of_target, when, problems) for of_target in shards.values()]
    known = [one.at_most_usd for one in found if one.at_most_usd is not None]
    warnings = [f"{one.target.spec}: {warning}" for one in found for warning in one.warnings]
    _judge(plan, when, warnings, problems)
    return Estimate(found, sum(known) if len(known) == len(found) else None, warnings, problems)


def _target(plan: FleetPlan, shards: list[Shard], at: datetime, problems: list[str]) -> TargetEstimate:
    target, prices = shards[0].target, Prices(shards[0].provider, shards[0].target.model, at)
    tests = [test for shard in shards for test in shard.tests]
    mosts = [prices.most_usd(test) for test in tests]
    known = [most for most in mosts if most is not None]
    why = next((why for test in tests if (why := prices.unknown(test))), None)
    warnings = prices.warnings(tests)
    if plan.settings.max_cost is not None and not isinstance(why, NoList):
        most = float(plan.settings.max_cost)
        problems += _impossible(target, mosts, most)
        warnings += _too_dear(mosts, most)
    return TargetEstimate(
        target,
        len(tests),
        sum(prompt_tokens(test) for test in tests),
        sum(most_made(test.parameters) for test in tests),
        None if why else sum(known),
        tuple(warnings),
    )


def _judge(plan: FleetPlan, at: datetime, warnings: list[str], problems: list[str]) -> None:
    shard = plan.shards[0] if plan.shards else None
    if shard is None or shard.judge is None or shard.judge_target is None or shard.judge_provider is None:
        return
    spec, prices = shard.judge_target.spec, Prices(shard.judge_provider, shard.judge_target.model, at)
    asked = TestRequest(key="judge", test_id="judge", prompt="", parameters=Parameters(max_tokens=1))
    warnings.append(f"judge {spec}: what it costs is not among these, and counts in max_cost")
    warnings += [f"judge {spec}: {warning}" for warning in prices.warnings([asked])]
    why = prices.unknown(asked)
    if plan.settings.max_cost is not None and prices.most_usd(asked) is None and not isinstance(why, NoList):
        words = "no price is known, so max_cost cannot be kept and no answer is judged"
        problems.append(f"judge {spec}: {words}; give one under providers.{shard.judge_target.provider}.price")


def _impossible(target: Target, mosts: list[float | None], most: float) -> list[str]:
    """A price that nobody knows is not paid where there is a budget; nor is one that is greater than all of it."""
    if None in mosts:
        words = "no price is known, so max_cost cannot be kept and nothing is sent"
        return [f"{target.spec}: {words}; give one under providers.{target.provider}.price"]
    least = min((one for one in mosts if one is not None), default=0.0)
    return (
        [f"{target.spec}: each test may cost {least:.6g} USD or more, max_cost is {most:.6g}; {_REMEDY}"]
        if least > most
        else []
    )


def _too_dear(mosts: list[float | None], most: float) -> list[str]:
    over = sum(one is not None and one > most for one in mosts)
    return (
        [f"{over} tests may cost more than max_cost ({most:.6g} USD) each, and are skipped; {_REMEDY}"] if over else []
    )


_REMEDY = "raise settings.max_cost, or lower settings.max_tokens"
