// The JSON API: one function that asks, the errors it throws, and the key it sends.

/**
 * @typedef {{total: number, pending: number, claimed: number, running: number, completed: number, failed: number,
 *   cancelled: number}} Counts
 * @typedef {Counts & {provider: string, instance_type: string, subject: ?string}} Group
 * @typedef {{run_id: string, status: string, workload: string, created_at: string}} RunItem
 * @typedef {{provider: string, instance_type: string, subject: ?string, reason: string, tasks: number,
 *   half_width: ?number}} Stop
 * @typedef {{target: number, stops: Stop[]}} Precision
 * @typedef {RunItem & {ruby_version: ?string, per_instance_type: {tasks: number}, tasks: Counts, groups: Group[],
 *   precision: ?Precision, launches: ?Record<string, number>,
 *   gzip_url: ?string, completed_at: ?string, deadline_at: string, reason: ?string,
 *   archive: {state: string, url: ?string, size_bytes: ?number, error: ?string, whole: ?number,
 *     corrupt: ?number, missing: ?number, lost: {task_id: string, archived: string, reason: string}[]}}} Run
 * @typedef {{id: string, instance_type: string, instance_type_alias: ?string, part: ?string, status: string, attempt: number,
 *   max_attempts: number, progress_pct: ?number, current_benchmark: ?string, heartbeat_message: ?string,
 *   runner_id: ?string, claimed_at: ?string, heartbeat_at: ?string, ended_at: ?string, error_type: ?string,
 *   error_message: ?string, failure_class: ?string, reason: ?string}} Task
 * @typedef {{run_id: string, tasks: Task[], next_cursor: ?string}} TaskPage
 * @typedef {{name: string, provider: string, instance_type: string, region: ?string, zone: ?string, market: string,
 *   state: string, phase: ?string, message: ?string, launched_at: ?string, called_home_at: ?string, cost_usd: ?number, price_date: ?string,
 *   failure: ?{code: string, message: string, remedy: string}}} Launch
 * @typedef {{runner_id: string, provider: string, instance_type: string, seen_at: string, live: boolean}} Runner
 * @typedef {{place: number, label: string, mean: ?number, interval: ?number[], ratio: ?number, ratio_interval: ?number[],
 *   difference: ?number, difference_interval: ?number[], verdict: string, tasks: number, instances: ?number}} SummaryRow
 * @typedef {{title: string, unit: ?string, better: string, scale: string, benchmarks: number, benchmarks_left_out: number,
 *   not_compared: ?string, ranking: SummaryRow[]}} SummaryBoard
 * @typedef {{by: string[], boards: SummaryBoard[], omitted: string[]}} Summary
 */

const SAVED_AS = "benchfleet.key";
const PATIENCE_MS = { GET: 15_000, POST: 30_000 }; // API Gateway itself gives up after 29 s
let serverAheadMs = 0;

/** The control plane refused: `status` and `code` say why, the message says it in words. */
export class Refused extends Error {
  constructor(status, code, words) {
    super(words);
    this.status = status;
    this.code = code;
  }
}

/** No answer, or none that makes sense: asking again may help. */
export class NoAnswer extends Error {}

export const savedKey = () => sessionStorage.getItem(SAVED_AS);
export const forgetKey = () => sessionStorage.removeItem(SAVED_AS);
export const saveKey = (key) => sessionStorage.setItem(SAVED_AS, key);

/** Now by the server's clock, in milliseconds: this machine's may be wrong. */
export const now = () => Date.now() + serverAheadMs;

/**
 * The JSON document at `path`, which is relative to the page: the API may live under a prefix.
 * @throws {Refused|NoAnswer|DOMException} the last one (AbortError) when `signal` ended it
 */
export async function ask(path, { method = "GET", query = {}, key = savedKey(), signal } = {}) {
  if (key && !/^[\x21-\x7e]+$/.test(key)) throw new Refused(401, "unauthorized", "Unauthorized");
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  const reply = await send(url, { method, headers: key ? { Authorization: `Bearer ${key}` } : {} }, signal);
  if (reply.ok && reply.document) return reply.document;
  if (reply.status >= 500 || reply.status === 429 || !reply.document) throw new NoAnswer(`status ${reply.status}`);
  const words = reply.document.error ?? reply.document.message;
  throw new Refused(reply.status, reply.document.code, [words].flat().join("; "));
}

async function send(url, options, signal) {
  const signals = [AbortSignal.timeout(PATIENCE_MS[options.method]), ...(signal ? [signal] : [])];
  try {
    const reply = await fetch(url, { ...options, cache: "no-store", signal: AbortSignal.any(signals) });
    const text = await reply.text();
    const date = Date.parse(reply.headers.get("Date") ?? "");
    if (date) serverAheadMs = date - Date.now();
    return { ok: reply.ok, status: reply.status, document: parsed(text) };
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new NoAnswer(String(error));
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
