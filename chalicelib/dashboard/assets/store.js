// What the page knows, and how it is read. Views draw `state` and change nothing in it but through this class.

import { ask, Refused } from "./api.js";
import { Fleet } from "./fleet.js";

export const PAGE = 100;
const LIVE_MS = 3_000;
const ENDED_MS = 20_000;
const LIST_EVERY_MS = 15_000;
const SCHEDULES_EVERY_MS = 60_000;
const LAUNCHES_EVERY_MS = 10_000;
const OPEN = ["wanted", "starting", "running", "ending"]; // states of machines that may change
const RUNNERS_EVERY_MS = 10_000; // costs the API a query for each instance type
const FILTERED_EVERY_MS = 15_000; // to find the failed ones, the API reads the whole group
const MOST_REQUESTS = 5; // for one page: a reply may hold few of the tasks that a filter asks for, or none
const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export const groupKey = (group) => JSON.stringify([group.provider, group.instance_type, group.subject ?? null]);

const demandKey = (one) => JSON.stringify([one.provider, one.instance_type]);
const found = new WeakMap();

/**
 * Provider and instance type alone decide who may claim, whatever the subject. Of each pair that has tasks to give and
 * nobody who works on any: the first group that waits, with the pending tasks of all. @returns {Map<Group, number>}
 */
export function waiting(groups) {
  if (!found.has(groups)) found.set(groups, findWaiting(groups));
  return found.get(groups);
}

function findWaiting(groups) {
  const demands = new Map();
  for (const group of groups) {
    const demand = demands.get(demandKey(group)) ?? { first: null, pending: 0, busy: false };
    if (group.pending) demand.first ??= group;
    demand.pending += group.pending;
    demand.busy ||= group.claimed + group.running > 0;
    demands.set(demandKey(group), demand);
  }
  const idle = [...demands.values()].filter((demand) => demand.pending && !demand.busy);
  return new Map(idle.map(({ first, pending }) => [first, pending]));
}

/**
 * @typedef {{status: string, starts: {cursor: ?string, first: number}[], page: ?import("./api.js").TaskPage,
 *   readAt: number}} Opened
 *   a group's open detail: the status it is filtered by, where each page up to the shown one began; the page itself,
 *   and when it was read
 */

export class Store {
  /** @type {?string} the run that is shown */
  runId = null;
  /** @type {import("./api.js").RunItem[]} */
  runs = [];
  /** @type {?string} */
  olderCursor = null;
  /** @type {?import("./api.js").Run} */
  run = null;
  /** @type {?{runners: import("./api.js").Runner[], truncated: boolean}} null where the API cannot tell */
  runners = null;
  schedules = [];
  /** @type {?import("./api.js").Launch[]} the machines that are brought for it; null where none are */
  launches = null;
  /** @type {?{runId: string, found: ?import("./api.js").Summary, reason: ?string}} once the archive is ready */
  results = null;
  fleet = new Fleet();
  /** @type {Map<string, Opened>} */
  opened = new Map();
  /** @type {"loading"|"shown"|"empty"|"missing"|"locked"} */
  view = "loading";
  #listedAt = -Infinity;
  #tellsRunners = true;
  #launchesReadAt = -Infinity;

  select(runId) {
    if (runId === this.runId) return;
    Object.assign(this, { runId, run: null, runners: null, launches: null, results: null, view: "loading" });
    this.#launchesReadAt = -Infinity;
    this.opened.clear();
  }

  toggle(key) {
    if (!this.opened.delete(key)) this.show(key, "");
  }

  /** Opens a group, or begins it anew, with the tasks of one status; "" for all. */
  show(key, status) {
    this.opened.set(key, { status, starts: [{ cursor: null, first: 1 }], page: null, readAt: -Infinity });
  }

  turn(key, forward) {
    const opened = this.opened.get(key);
    const { cursor, first } = opened.starts.at(-1);
    if (!forward && opened.starts.length > 1) opened.starts.pop();
    if (forward && opened.page?.next_cursor && opened.page.from === cursor) {
      opened.starts.push({ cursor: opened.page.next_cursor, first: first + opened.page.tasks.length });
    }
  }

  /** Reads all that is shown; gives the milliseconds until that is worth doing again. @throws NoAnswer */
  async read(signal) {
    try {
      await this.#readRuns(signal);
      this.runId ??= this.runs[0]?.run_id ?? null;
      if (this.runId === null) this.view = "empty";
      else await this.#readRun(this.runId, signal);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.view = this.#viewAfter(error);
    }
    return this.#pauseMs();
  }

  /** As `read`, for who could take what waits. An API without this route is not asked again. @throws NoAnswer */
  async readRunners(signal) {
    const run = this.view === "shown" ? this.run : null;
    if (run?.status !== "running" || !waiting(run.groups).size || !this.#tellsRunners) return LIVE_MS;
    try {
      const runners = await ask(`runs/${run.run_id}/runners`, { signal });
      if (this.runId === run.run_id) this.runners = runners; // else another run was chosen meanwhile
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#tellsRunners = error.status === 401 || error.code === "run_not_found"; // a key, or another run, may come
    }
    return RUNNERS_EVERY_MS;
  }

  /** Waits for a key as long as one is missing. An API without this route has no schedules. @throws NoAnswer */
  async readSchedules(signal) {
    if (this.view === "locked") return LIVE_MS;
    try {
      this.schedules = (await ask("schedules", { signal })).schedules;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.schedules = [];
    }
    return SCHEDULES_EVERY_MS;
  }

  async readOlder() {
    const page = await ask("runs", { query: { cursor: this.olderCursor } });
    this.runs = merged(this.runs, page.runs);
    this.olderCursor = page.next_cursor;
  }

  async #readRuns(signal) {
    if (performance.now() - this.#listedAt < LIST_EVERY_MS && this.runs.length) return;
    const page = await ask("runs", { signal });
    if (!this.runs.length) this.olderCursor = page.next_cursor;
    this.runs = merged(page.runs, this.runs);
    this.#listedAt = performance.now();
  }

  async #readRun(runId, signal) {
    if (!RUN_ID.test(runId)) throw new Refused(404, "run_not_found", "Run not found");
    const [run] = await Promise.all([
      ask(`runs/${runId}`, { signal }),
      ...[...this.opened.keys()].map((key) => this.#readPage(runId, key, signal)),
    ]);
    const results = run.archive.state === "ready" ? (this.results ?? (await this.#readSummary(runId, signal))) : null;
    const launches = run.launches ? await this.#readLaunches(run, signal) : null;
    await this.fleet.read(run, signal);
    if (signal.aborted) return; // another run was chosen meanwhile
    Object.assign(this, { run, results, launches, view: "shown" });
    const listed = this.runs.find((item) => item.run_id === runId);
    if (listed) listed.status = run.status;
  }

  /** When a count of them has changed, and now and then while some are open: what they report changes, too. */
  async #readLaunches(run, signal) {
    const same = JSON.stringify(this.run?.launches) === JSON.stringify(run.launches);
    const open = OPEN.some((state) => run.launches[state]);
    if (this.launches && same && !(open && performance.now() - this.#launchesReadAt > LAUNCHES_EVERY_MS)) return this.launches;
    const found = await ask(`runs/${run.run_id}/launches`, { signal });
    this.#launchesReadAt = performance.now();
    return found.launches;
  }

  /** Once: it never changes. */
  async #readSummary(runId, signal) {
    try {
      return { runId, found: await ask(`runs/${runId}/summary`, { signal }), reason: null };
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 404) throw error;
      return { runId, found: null, reason: error.message };
    }
  }

  async #readPage(runId, key, signal) {
    const opened = this.opened.get(key);
    const [provider, instance_type, subject] = JSON.parse(key);
    const { cursor: from } = opened.starts.at(-1);
    const fresh = opened.status && opened.page?.from === from && performance.now() - opened.readAt < FILTERED_EVERY_MS;
    if (fresh) return;
    const tasks = [];
    let cursor = from;
    for (let requests = 0; requests < MOST_REQUESTS && tasks.length < PAGE && (cursor || !requests); requests += 1) {
      const query = { provider, instance_type, subject, status: opened.status, cursor, limit: PAGE - tasks.length };
      const page = await ask(`runs/${runId}/tasks`, { query, signal });
      tasks.push(...page.tasks);
      cursor = page.next_cursor;
    }
    Object.assign(opened, { page: { tasks, next_cursor: cursor, from }, readAt: performance.now() });
  }

  #viewAfter(refusal) {
    if (refusal.status === 404 || refusal.status === 400) return "missing";
    return "locked";
  }

  #pauseMs() {
    if (this.view !== "shown") return this.view === "locked" ? 2 ** 31 - 1 : LIVE_MS;
    const busy = this.run.status === "running" || ["none", "building"].includes(this.run.archive.state);
    return busy ? LIVE_MS : ENDED_MS;
  }
}

function merged(first, second) {
  const known = new Set(first.map((run) => run.run_id));
  return [...first, ...second.filter((run) => !known.has(run.run_id))];
}
