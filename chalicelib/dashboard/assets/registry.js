// Who can do what now: executors, their models, and what changed last. Read on its own, beside any run.

import { ask, Refused } from "./api.js";

const EVERY_MS = 10_000;
const NOBODY_EVERY_MS = 60_000;
const EVENTS = 20;

/**
 * @typedef {{executor_id: string, status: string, pressure: string, stuck: boolean, last_seen: number, active: number,
 *   queued: number, capacity: {max_concurrent: number}, labels: Record<string, string>, model_ids: string[]}} Executor
 * @typedef {{model_id: string, executors: string[], status_counts: Record<string, number>, min_context_length: number,
 *   avg_pricing: ?{input_token_price: string, output_token_price: string, currency: string}}} Model
 * @typedef {{at: number, type: string, executor_id: string, revision: number, detail: Record<string, unknown>}} Event
 *   times are Unix seconds
 */

export class Registry {
  /** @type {Executor[]} */
  executors = [];
  /** @type {Model[]} also those that only stale executors have */
  models = [];
  /** @type {Event[]} the latest first */
  events = [];
  totals = { executors: 0, models: 0 };

  /** Gives the milliseconds until reading is worth doing again. An API without these routes has no executors. @throws NoAnswer */
  async read(signal) {
    try {
      await this.#read(signal);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      Object.assign(this, { executors: [], models: [], events: [] });
    }
    return this.executors.length ? EVERY_MS : NOBODY_EVERY_MS;
  }

  async #read(signal) {
    const there = await ask("executors", { signal });
    const models = there.executors.length ? await ask("models", { query: { status: "all" }, signal }) : null;
    const after = Math.max(0, (models?.registry_revision ?? 0) - EVENTS);
    const feed = models ? await ask("registry/events", { query: { after: String(after) }, signal }) : null;
    if (signal.aborted) return;
    this.executors = there.executors;
    this.models = models?.models ?? [];
    this.events = (feed?.events ?? []).reverse().slice(0, EVENTS);
    this.totals = { executors: there.total_count, models: models?.total_count ?? 0 };
  }
}
