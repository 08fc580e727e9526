"""The costs that the reference system would give. What answers really cost is in `tariffs`."""

from benchfleet_contract.fleets.results import BenchmarkResults, TokenUsage

from benchfleet_results.fleets.summary import summarise

LEGACY = "legacy-gpt4"  # name of the price set of the reference system: GPT-4's list price of 2023 for every model
_LEGACY_PROMPT, _LEGACY_COMPLETION = 0.03, 0.06  # USD for 1000 tokens


def legacy_gpt4(usage: TokenUsage) -> float:
    """USD, for replays of results of the reference system only."""
    return usage.prompt_tokens / 1000 * _LEGACY_PROMPT + usage.completion_tokens / 1000 * _LEGACY_COMPLETION


def as_legacy(results: BenchmarkResults) -> BenchmarkResults:
    """With the costs and the summary that the reference system would give. Failed calls cost nothing."""
    priced = [
        one.model_copy(update={"cost_usd": legacy_gpt4(one.response.usage), "price_source": LEGACY})
        if one.response
        else one
        for one in results.results
    ]
    summary = summarise(priced, total_duration_ms=results.total_duration_ms, limits=results.limits)
    return results.model_copy(update={"results": priced, "summary": summary})
