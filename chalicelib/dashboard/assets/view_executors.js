// Executors, the models that they have, and what changed last. Names, labels and reasons come from outside: text only.

import { byId, el, keyed, setAge, setAttribute, setHidden, setText } from "./dom.js";
import { count, plural } from "./format.js";

const COLUMNS = ["executor", "status", "pressure", "slots at work", "models", "labels", "last beat"];
const MODEL_COLUMNS = ["model", "executors", "status", "context", "price of a token"];
const COLOURS = { available: "completed", busy: "running", draining: "cancelled" }; // all others: failed
const SHOWN = 5;
const NONE = "–";
const CURRENCY = { wei: "wei", usd: "USD" };

/** Makes what is not in the shell. */
export function prepareExecutors() {
  for (const [id, names] of [["executors-head", COLUMNS], ["models-head", MODEL_COLUMNS]]) {
    const cells = names.map((name) => el("th", { scope: "col", role: "columnheader" }, name));
    byId(id).append(el("tr", { role: "row" }, ...cells));
  }
}

/** @param {import("./registry.js").Registry} registry */
export function drawExecutors({ executors, models, events, totals }) {
  setHidden(byId("executors"), !executors.length);
  setText(byId("executors-note"), noteWords(executors, models, totals));
  keyed(byId("executors-body"), executors, (one) => one.executor_id, makeExecutor);
  setHidden(byId("models"), !models.length);
  keyed(byId("models-body"), models, (one) => one.model_id, makeModel);
  setHidden(byId("registry-events"), !events.length);
  keyed(byId("registry-events-list"), events, (one) => one.revision, makeEvent);
}

function noteWords(executors, models, totals) {
  const told = [plural(totals.executors, "executor"), plural(totals.models, "model")].join(", ");
  const cut = executors.length < totals.executors || models.length < totals.models;
  return cut ? `${told}; the first ${count(executors.length)} and ${count(models.length)} are shown` : told;
}

/** Each cell knows its column: a phone shows a row as a list. */
const row = (names) => names.map((name) => el("td", { role: "cell", "data-name": name }));

function makeExecutor({ executor_id: id }) {
  const cells = row(COLUMNS);
  const badge = el("span", { class: "badge" });
  const beat = el("time");
  cells[0].append(id);
  cells[1].append(badge);
  cells[6].append(beat);
  for (const place of [4, 5]) setAttribute(cells[place], "class", "words");
  const draw = (one) => {
    setText(badge, one.stuck ? `${one.status}, stuck` : one.status);
    setAttribute(badge, "class", `badge ${one.stuck ? "failed" : (COLOURS[one.status] ?? "failed")}`);
    setText(cells[2], one.pressure);
    setText(cells[3], slotWords(one));
    setText(cells[4], some(one.model_ids));
    setText(cells[5], some(Object.entries(one.labels).map((pair) => pair.join("="))));
    setAge(beat, new Date(one.last_seen * 1_000).toISOString());
  };
  return { node: el("tr", { role: "row" }, ...cells), draw };
}

function slotWords({ active, queued, capacity }) {
  const waiting = queued ? `, ${count(queued)} waiting` : "";
  return `${count(active)} of ${count(capacity.max_concurrent)}${waiting}`;
}

function makeModel({ model_id: id }) {
  const cells = row(MODEL_COLUMNS);
  cells[0].append(id);
  setAttribute(cells[1], "class", "words");
  const draw = (one) => {
    setText(cells[1], some(one.executors));
    setText(cells[2], Object.entries(one.status_counts).filter(([, n]) => n).map(([name, n]) => `${count(n)} ${name}`).join(", "));
    setText(cells[3], count(one.min_context_length));
    setText(cells[4], priceWords(one.avg_pricing));
  };
  return { node: el("tr", { role: "row" }, ...cells), draw };
}

/** Prices are decimal text: wei may have more digits than a number of JavaScript. */
function priceWords(pricing) {
  if (!pricing) return "free";
  return `${pricing.input_token_price} in, ${pricing.output_token_price} out (${CURRENCY[pricing.currency]})`;
}

function makeEvent({ at, type, executor_id: id, detail }) {
  const when = el("time");
  const reason = typeof detail.reason === "string" ? `: ${detail.reason}` : "";
  const node = el("li", {}, when, ` ${type} `, el("b", {}, id), reason);
  return { node, draw: () => setAge(when, new Date(at * 1_000).toISOString()) };
}

function some(names) {
  const more = names.length - SHOWN;
  return [...names.slice(0, SHOWN), ...(more > 0 ? [`${count(more)} more`] : [])].join(", ") || NONE;
}
