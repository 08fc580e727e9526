// A fleet's run as it is read: how far each shard is, the files it left, and the tests of the shard that is looked at.

import { ask, Refused } from "./api.js";

/**
 * @typedef {{total: number, success: number, failure: number, timeout: number, skipped: number, pending: number}} TestCounts
 * @typedef {{number: number, repository_id: string, scenario: ?string, target: string, status: string, tests: TestCounts,
 *   cost_usd: ?number, unpriced: number, ttft_ms: ?number, scored: ?number, passed: ?number, error: ?string}} Shard
 *   `ttft_ms` is the median of its successes; costs are USD
 * @typedef {{run_id: string, fleet_id: string, status: string, results_ready: boolean, tests: TestCounts, cost_usd: ?number,
 *   unpriced: number, max_cost_usd: ?number, targets: string[], repositories: string[], shards: Shard[], errors: string[],
 *   target_ttft_ms: Record<string, number>, warnings: string[]}} FleetDetail
 * @typedef {{key: string, category: ?string, status: string, answered: boolean, passed: ?boolean, error: ?string,
 *   ttft_ms: ?number, e2el_ms: ?number, duration_ms: number, tokens: ?number, cost_usd: ?number}} Test
 */

export const WORKLOAD = "llm";

export class Fleet {
  /** @type {?FleetDetail} null for a run of another kind */
  detail = null;
  /** @type {{path: string, size_bytes: number}[]} */
  artifacts = [];

  /** Reads what may have changed of this run. @throws {NoAnswer|Refused} */
  async read(run, signal) {
    if (run.workload !== WORKLOAD) return this.#set(null, []);
    const same = this.detail?.run_id === run.run_id;
    if (same && this.detail.results_ready) return;
    const detail = await ask(`fleets/runs/${run.run_id}`, { signal });
    const artifacts = detail.results_ready ? (await ask(`fleets/runs/${run.run_id}/artifacts`, { signal })).artifacts : [];
    if (!signal.aborted) this.#set(detail, artifacts);
  }

  #set(detail, artifacts) {
    Object.assign(this, { detail, artifacts });
  }
}

const pathOf = (runId, shard) => `fleets/runs/${runId}/shards/${shard}/tests`;

/** One page of a shard's tests, or the words of a refusal. */
export async function readTests(runId, shard, cursor = null) {
  return asked(() => ask(pathOf(runId, shard), { query: { cursor: cursor === null ? "" : String(cursor) } }));
}

/** One test with its prompt and answer. */
export async function readTest(runId, shard, test) {
  return asked(() => ask(pathOf(runId, shard), { query: { test } }));
}

/** A link to one file, good for an hour. */
export async function signed(runId, path) {
  return (await ask(`fleets/runs/${runId}/artifacts/${encodeURIComponent(path)}`)).url;
}

async function asked(call) {
  try {
    return { found: await call(), refusal: null };
  } catch (error) {
    const words = error instanceof Refused ? `${error.message}.` : "The control plane does not answer. Try again.";
    return { found: null, refusal: words };
  }
}
