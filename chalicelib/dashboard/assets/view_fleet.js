// A fleet as a grid: a row for each repository (and scenario), a column for each model, a button for each shard.

import { saveCsv } from "./csv.js";
import { byId, el, keyed, setAttribute, setHidden, setText } from "./dom.js";
import { costWords, doneOf, failedOf, milliseconds, NONE, shareOf, shareWords, summed, troubleWords } from "./fleet_words.js";
import { count, plural } from "./format.js";
import { drawFiles } from "./view_fleet_files.js";

const STRETCHES = [["success", "completed"], ["failure", "failed"], ["timeout", "failed"], ["skipped", "cancelled"]];
const SHOWS = { "": () => true, failed: (row) => failedOf(row.sum.tests), open: (row) => row.sum.tests.pending };
const worst = (of) => (one, other) => (of(other.sum) ?? -1) - (of(one.sum) ?? -1);
const ORDERS = {
  "": null,
  name: (one, other) => one.name.localeCompare(other.name, "en", { numeric: true }),
  failed: worst((sum) => failedOf(sum.tests)),
  share: (one, other) => (shareOf(one.sum.tests) ?? 2) - (shareOf(other.sum.tests) ?? 2),
  cost: worst((sum) => sum.cost_usd),
  ttft: (one, other) => slowest(other) - slowest(one),
};
const CSV = ["repository", "scenario", "model", "status", "tests", "succeeded", "failed", "timed_out", "skipped", "pending",
  "success_share", "scored", "right", "ttft_median_ms", "cost_usd", "answers_of_unknown_price"];
const FIRST_PX = 170;
const COLUMN_PX = 158; // at least: a TTFT and a cost side by side
const ALL = "All repositories";
let drawn = null;
let onOpen = () => {};

/** `open` is called with a shard whose tests are asked for, `fetch` with the path of a file. */
export function prepareFleet({ open, fetch }) {
  onOpen = open;
  byId("fleet-search").addEventListener("input", drawRows);
  for (const id of ["fleet-show", "fleet-order"]) byId(id).addEventListener("change", drawRows);
  byId("fleet-csv").addEventListener("click", exportCsv);
  byId("fleet-files").addEventListener("click", (event) => {
    const { path } = event.target.closest("button")?.dataset ?? {};
    if (path) fetch(path);
  });
}

/** @param {import("./fleet.js").Fleet} fleet */
export function drawFleet({ detail, artifacts }) {
  setHidden(byId("fleet"), !detail);
  drawn = detail;
  if (!detail) return;
  setText(byId("fleet-facts"), factsWords(detail));
  setText(byId("fleet-errors"), detail.errors.join("\n"));
  setHidden(byId("fleet-errors"), !detail.errors.length);
  const [summary, words] = byId("fleet-warnings").children;
  setText(summary, plural(detail.warnings.length, "warning"));
  setText(words, detail.warnings.join("\n"));
  setHidden(byId("fleet-warnings"), !detail.warnings.length);
  byId("fleet-head").closest("table").style.minWidth = `${FIRST_PX + COLUMN_PX * detail.targets.length}px`;
  keyed(byId("fleet-head"), ["Repository", ...detail.targets], (name) => name, makeHead);
  drawRows();
  drawFiles(detail, artifacts);
}

function factsWords(detail) {
  const { tests, max_cost_usd: most } = detail;
  const told = [
    detail.status,
    `${count(doneOf(tests))} of ${plural(tests.total, "test")} done`,
    `${shareWords(tests)} succeeded`,
    troubleWords(tests),
    `${costWords(detail).replace(/^\$/, "cost $")}${most === null ? "" : ` (at most $${most})`}`,
  ];
  const hint = detail.results_ready ? "Choose a cell to see its tests." : "Tests can be seen when the run has ended.";
  return `${told.filter((words) => words && words !== NONE).join(" · ")}\n${hint}`;
}

const makeHead = (name) => ({ node: el("th", { scope: "col", role: "columnheader" }, name), draw: () => {} });

/** @returns {{name: string, shards: Map<string, Shard>, sum: Object}[]} in the order of the manifest */
function rowsOf(detail) {
  const rows = new Map();
  for (const shard of detail.shards) {
    const name = [shard.repository_id, shard.scenario].filter(Boolean).join(" / ");
    if (!rows.has(name)) rows.set(name, { name, shards: new Map() });
    rows.get(name).shards.set(shard.target, shard);
  }
  return [...rows.values()].map((row) => ({ ...row, sum: summed([...row.shards.values()]) }));
}

const slowest = (row) => Math.max(-1, ...[...row.shards.values()].map((shard) => shard.ttft_ms ?? -1));

function chosen() {
  const wanted = byId("fleet-search").value.trim().toLowerCase();
  const shows = SHOWS[byId("fleet-show").value];
  const rows = rowsOf(drawn).filter((row) => shows(row) && row.name.toLowerCase().includes(wanted));
  const order = ORDERS[byId("fleet-order").value];
  return order ? rows.toSorted(order) : rows;
}

function drawRows() {
  if (!drawn) return;
  const rows = chosen();
  const whole = { name: ALL, shards: totals(drawn), whole: true };
  keyed(byId("fleet-body"), [whole, ...rows], (row) => JSON.stringify([drawn.run_id, Boolean(row.whole), row.name]), makeRow);
  setText(byId("fleet-none"), rows.length ? "" : "No repository fits the filter.");
  setHidden(byId("fleet-none"), rows.length > 0);
}

function totals(detail) {
  const of = (target) => summed(detail.shards.filter((shard) => shard.target === target));
  return new Map(detail.targets.map((spec) => [spec, { ...of(spec), ttft_ms: detail.target_ttft_ms[spec] ?? null }]));
}

function makeRow({ name, whole }) {
  const node = el("tr", { role: "row", ...(whole ? { class: "whole" } : {}) });
  node.append(el("th", { scope: "row", role: "rowheader" }, name));
  const cells = new Map();
  const draw = ({ shards }) => {
    for (const target of drawn.targets) {
      if (!cells.has(target)) {
        const cell = (whole ? makeSum : makeCell)(name, target);
        cells.set(target, cell);
        node.append(el("td", { role: "cell", "data-name": target }, cell.node));
      }
      cells.get(target).draw(shards.get(target) ?? null);
    }
  };
  return { node, draw };
}

function makeSum() {
  const node = el("div", { class: "shard" });
  return { node, draw: makeNumbers(node) };
}

function makeCell(name, target) {
  const node = el("button", { type: "button", class: "shard" }, el("span", { class: "unseen" }, `${name} on ${target}: `));
  const drawNumbers = makeNumbers(node);
  let shard = null;
  node.addEventListener("click", () => shard && drawn.results_ready && onOpen(drawn, shard));
  const draw = (fresh) => {
    shard = fresh;
    setAttribute(node, "aria-disabled", String(!fresh || !drawn.results_ready));
    setAttribute(node, "aria-haspopup", "dialog");
    drawNumbers(fresh);
  };
  return { node, draw };
}

/** Progress, failures, right answers, TTFT and cost of one shard, or of several. */
function makeNumbers(parent) {
  const line = (name) => el("span", { class: name });
  const [share, done, trouble, right, ttft, cost] = ["share", "done", "trouble", "right", "ttft", "cost"].map(line);
  const bar = el("span", { class: "bar", "aria-hidden": "true" });
  const stretches = STRETCHES.map(([name, look]) => [name, el("span", { class: look })]);
  bar.append(...stretches.map(([, node]) => node));
  parent.append(share, " ", done, " ", bar, " ", trouble, " ", right, " ", ttft, " ", cost);
  return (shard) => {
    if (!shard) return setText(share, NONE);
    const { tests } = shard;
    setText(share, doneOf(tests) ? shareWords(tests) : shard.status === "pending" ? "waiting" : NONE);
    setText(done, tests.pending ? `${count(doneOf(tests))} of ${count(tests.total)}` : plural(tests.total, "test"));
    for (const [name, node] of stretches) node.style.width = `${tests.total ? (100 * tests[name]) / tests.total : 0}%`;
    setText(trouble, troubleWords(tests));
    setText(right, shard.scored ? `${count(shard.passed)} of ${count(shard.scored)} right` : "");
    setText(ttft, shard.ttft_ms === null ? "" : `TTFT ${milliseconds(shard.ttft_ms)}`);
    setText(cost, costWords(shard) === NONE ? "" : costWords(shard));
    return undefined;
  };
}

function exportCsv() {
  if (!drawn) return;
  const shards = chosen().flatMap((row) => [...row.shards.values()]);
  const rows = shards.map((one) => [
    one.repository_id, one.scenario, one.target, one.status, one.tests.total, one.tests.success, one.tests.failure,
    one.tests.timeout, one.tests.skipped, one.tests.pending, shareOf(one.tests), one.scored, one.passed, one.ttft_ms,
    one.cost_usd, one.unpriced,
  ]);
  saveCsv(`${drawn.run_id}-grid.csv`, CSV, rows);
}
