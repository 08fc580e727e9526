// What a shard, or several of them, come to, in words and sums.

import { count, percent } from "./format.js";

export const NONE = "–";
const SUMMED = ["total", "success", "failure", "timeout", "skipped", "pending"];

export const doneOf = (tests) => tests.total - tests.pending;
export const failedOf = (tests) => tests.failure + tests.timeout;

/** Of the tests that have ended, how many succeeded: 0 to 1, null before the first. */
export const shareOf = (tests) => (doneOf(tests) ? tests.success / doneOf(tests) : null);
export const shareWords = (tests) => (doneOf(tests) ? `${percent(tests.success, doneOf(tests))} %` : NONE);

/** Several shards as one; no TTFT, because medians do not add up. */
export function summed(shards) {
  const add = (of) => shards.reduce((sum, shard) => sum + (of(shard) ?? 0), 0);
  const known = shards.filter((shard) => shard.cost_usd !== null);
  return {
    tests: Object.fromEntries(SUMMED.map((name) => [name, add((shard) => shard.tests[name])])),
    cost_usd: known.length ? add((shard) => shard.cost_usd) : null,
    unpriced: add((shard) => shard.unpriced),
    ttft_ms: null,
    scored: shards.some((shard) => shard.scored !== null) ? add((shard) => shard.scored) : null,
    passed: add((shard) => shard.passed),
  };
}

/** "2 failed · 1 timed out · 3 skipped"; "" where all is well. */
export function troubleWords({ failure, timeout, skipped }) {
  const told = [[failure, "failed"], [timeout, "timed out"], [skipped, "skipped"]];
  return told.filter(([n]) => n).map(([n, words]) => `${count(n)} ${words}`).join(" · ");
}

/** What is not known is said, and never shown as nothing. */
export function costWords({ cost_usd: cost, unpriced }) {
  if (cost === null) return unpriced ? "cost unknown" : NONE;
  return unpriced ? `${dollars(cost)} + ${count(unpriced)} of unknown price` : dollars(cost);
}

export function dollars(value) {
  if (value && value < 0.0001) return `$${value.toPrecision(2)}`;
  return `$${value.toFixed(value < 1 ? 4 : 2)}`;
}

export function milliseconds(value) {
  if (value === null || value === undefined) return NONE;
  if (value >= 10_000) return `${(value / 1_000).toFixed(1)} s`;
  return `${value < 10 ? value.toFixed(1) : count(Math.round(value))} ms`;
}
