// The tests of one shard in a dialog of their own: filtered, sorted, saved; each opens to its prompt and answer.

import { saveCsv } from "./csv.js";
import { byId, el, setAttribute, setHidden, setText } from "./dom.js";
import { readTests } from "./fleet.js";
import { dollars, milliseconds, NONE, troubleWords } from "./fleet_words.js";
import { count, plural } from "./format.js";
import { fileItem } from "./view_fleet_files.js";
import { makeText } from "./view_fleet_text.js";

const COLOURS = { success: "completed", failure: "failed", timeout: "failed", skipped: "cancelled" };
const rightWords = ({ passed }) => (passed === null ? NONE : passed ? "right" : "wrong");
const costOf = (test) => (test.cost_usd !== null ? dollars(test.cost_usd) : test.answered ? "unknown" : NONE);
/** Heading, what is shown, what is sorted by. */
const COLUMNS = [
  ["test", (test) => test.key, (test) => test.key],
  ["category", (test) => test.category ?? NONE, (test) => test.category],
  ["call", (test) => test.status, (test) => test.status],
  ["answer", rightWords, (test) => (test.passed === null ? null : Number(test.passed))],
  ["TTFT", (test) => milliseconds(test.ttft_ms), (test) => test.ttft_ms],
  ["end to end", (test) => milliseconds(test.e2el_ms), (test) => test.e2el_ms],
  ["tokens", (test) => (test.tokens === null ? NONE : count(test.tokens)), (test) => test.tokens],
  ["cost", costOf, (test) => test.cost_usd],
  ["error", (test) => test.error ?? NONE, (test) => test.error],
];
const CSV = ["test", "category", "status", "right", "ttft_ms", "end_to_end_ms", "duration_ms", "tokens", "cost_usd", "error"];
const SHOWS = {
  "": () => true,
  failed: (test) => test.status === "failure" || test.status === "timeout",
  wrong: (test) => test.passed === false,
  skipped: (test) => test.status === "skipped",
};
let shown = null;

/** `fetch` is called with the run and the path of a file that is asked for. */
export function prepareTests({ fetch }) {
  const dialog = byId("tests");
  byId("tests-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => (shown = null));
  dialog.addEventListener("click", (event) => {
    const { path } = event.target.closest("button")?.dataset ?? {};
    if (path && shown) fetch(shown.runId, path);
  });
  byId("tests-search").addEventListener("input", drawRows);
  byId("tests-show").addEventListener("change", drawRows);
  byId("tests-csv").addEventListener("click", exportCsv);
  byId("tests-more").addEventListener("click", () => read(shown));
  byId("tests-head").append(el("tr", { role: "row" }, ...COLUMNS.map(([name], at) => makeHead(name, at))));
}

/** @param {import("./fleet.js").FleetDetail} detail @param {import("./fleet.js").Shard} shard */
export async function openTests(detail, shard) {
  shown = { runId: detail.run_id, shard, tests: [], cursor: null, order: null, rows: new Map(), told: null };
  const where = [shard.repository_id, shard.scenario].filter(Boolean).join(" / ");
  setText(byId("tests-title"), `${where} on ${shard.target}`);
  setText(byId("tests-facts"), "Loading tests");
  Object.assign(byId("tests-search"), { value: "" });
  Object.assign(byId("tests-show"), { value: "" });
  byId("tests-files").replaceChildren();
  drawRows();
  byId("tests").showModal();
  byId("tests-title").focus();
  await read(shown);
}

async function read(mine) {
  const { found, refusal } = await readTests(mine.runId, mine.shard.number, mine.cursor);
  if (mine !== shown) return;
  if (found) {
    mine.tests.push(...found.tests);
    Object.assign(mine, { cursor: found.next_cursor, told: found });
    byId("tests-files").replaceChildren(...found.files.map((path) => fileItem(path)));
  }
  setText(byId("tests-facts"), refusal ?? factsWords(mine));
  drawRows();
}

function factsWords({ shard, told, tests }) {
  const part = tests.length < told.total ? `, the first ${count(tests.length)} are here` : "";
  const saved = told.saves_responses ? "" : "Responses of this run were not saved (save_responses is false).";
  return [[plural(told.total, "test") + part, troubleWords(shard.tests)].filter(Boolean).join(" · "), shard.error, saved]
    .filter(Boolean).join("\n");
}

function makeHead(name, at) {
  const button = el("button", { type: "button", class: "sort" }, name);
  button.addEventListener("click", () => {
    const { order } = shown;
    shown.order = order?.at !== at ? { at, down: false } : order.down ? null : { at, down: true };
    drawRows();
  });
  return el("th", { scope: "col", role: "columnheader" }, button);
}

function chosen() {
  const wanted = byId("tests-search").value.trim().toLowerCase();
  const shows = SHOWS[byId("tests-show").value];
  const fits = (test) => [test.key, test.category, test.error].some((words) => words?.toLowerCase().includes(wanted));
  const tests = shown.tests.filter((test) => shows(test) && fits(test));
  if (!shown.order) return tests;
  const { at, down } = shown.order;
  return tests.toSorted((one, other) => compared(COLUMNS[at][2](one), COLUMNS[at][2](other), down));
}

/** What is not known comes last, whichever way is sorted. */
function compared(one, other, down) {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  const way = typeof one === "number" ? one - other : one.localeCompare(other, "en", { numeric: true });
  return down ? -way : way;
}

function drawRows() {
  if (!shown) return;
  const tests = chosen();
  const views = tests.map((test) => shown.rows.get(test.key) ?? keep(test));
  byId("tests-body").replaceChildren(...views.flatMap(({ line, more }) => [line, more]));
  for (const [at, head] of [...byId("tests-head").firstElementChild.children].entries()) {
    const mine = shown.order?.at === at;
    setAttribute(head, "aria-sort", mine ? (shown.order.down ? "descending" : "ascending") : null);
  }
  setHidden(byId("tests-none"), Boolean(tests.length) || !shown.told);
  setHidden(byId("tests-more"), shown.cursor === null);
}

function keep(test) {
  const view = makeRow(test, shown);
  shown.rows.set(test.key, view);
  return view;
}

let rowNumber = 1;

function makeRow(test, { runId, shard }) {
  const id = `test-${rowNumber++}`;
  const button = el("button", { type: "button", class: "opens", "aria-expanded": "false", "aria-controls": id }, test.key);
  const cells = COLUMNS.map(([name, words], at) => {
    const content = at === 0 ? button : at === 2 ? badge(test) : words(test);
    return el("td", { role: "cell", "data-name": name, class: name === "error" ? "words" : "" }, content);
  });
  const body = el("td", { role: "cell", colspan: String(COLUMNS.length) });
  const more = el("tr", { role: "row", id, class: "more", hidden: "" }, body);
  button.addEventListener("click", () => {
    const open = more.hidden;
    if (open && !body.childElementCount) body.append(makeText(runId, shard.number, test.key));
    setHidden(more, !open);
    setAttribute(button, "aria-expanded", String(open));
  });
  return { line: el("tr", { role: "row" }, ...cells), more };
}

const badge = (test) => el("span", { class: `badge ${COLOURS[test.status]}` }, test.status);

function exportCsv() {
  if (!shown) return;
  const rows = chosen().map((one) => [
    one.key, one.category, one.status, one.passed === null ? null : String(one.passed), one.ttft_ms, one.e2el_ms,
    one.duration_ms, one.tokens, one.cost_usd, one.error,
  ]);
  saveCsv(`${shown.runId}-shard-${shown.shard.number}-tests.csv`, CSV, rows);
}
