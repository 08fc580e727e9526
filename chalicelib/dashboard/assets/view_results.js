// What a run measured, once its archive is ready: a ranking for each board of its summary, and how to get more.

import { byId, el, setHidden, setText } from "./dom.js";
import { count, plural } from "./format.js";

const SCALES = {
  s: [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]],
  bytes: [[1024 ** 3, "GiB"], [1024 ** 2, "MiB"], [1024, "KiB"], [1, "bytes"]],
};
const VERDICTS = {
  best: "best", first: "not told apart", ahead: "too few repeats", unclear: "within noise", unknown: "too few repeats",
  better: "better, beyond noise", worse: "worse, beyond noise", not_compared: "not compared",
};
const NONE = "–";
let drawn = null;

/** @param {?{runId: string, found: ?import("./api.js").Summary, reason: ?string}} results null while they are not known */
export function drawResults(results) {
  setHidden(byId("results"), !results);
  if (drawn === results) return;
  drawn = results;
  if (!results) return;
  const { found, reason, runId } = results;
  const boards = found?.boards ?? [];
  byId("results-boards").replaceChildren(...boards.map((board) => boardNode(board, found.by)));
  const none = boards.length ? "" : "No result of this run could be ranked.";
  const omitted = found?.omitted ?? [];
  setHidden(byId("results-note"), Boolean(boards.length) && !omitted.length);
  setText(byId("results-note"), [reason ?? none, ...(omitted.length ? ["Not shown:", ...omitted] : [])].filter(Boolean).join("\n"));
  setText(byId("results-more"), `benchfleet runs download ${runId}\nbenchfleet report ${runId}`);
}

function boardNode(board, by) {
  const over = board.scale === "ratio" ? "geometric mean" : "mean";
  const left = board.benchmarks_left_out ? `; ${count(board.benchmarks_left_out)} not measured by all are left out` : "";
  const about = board.not_compared
    ? `Not compared: ${board.not_compared}.`
    : `${over} over ${plural(board.benchmarks, "common benchmark")}${left}; ${board.better} is better`;
  const frame = { class: "scroll", tabindex: "0", role: "region", "aria-label": `Ranking: ${board.title}` };
  const table = board.ranking.length ? [el("div", frame, tableOf(board, by))] : [];
  return el("section", { class: "card board" }, el("h3", {}, board.title), el("p", { class: "facts" }, about), ...table);
}

function tableOf(board, by) {
  const names = ["place", by.join(" / "), "mean", "95 % interval", "to the first", "interval", "verdict", "tasks", "instances"];
  const head = el("tr", { role: "row" }, ...names.map((name) => el("th", { scope: "col", role: "columnheader" }, name)));
  const rows = board.ranking.map((row, at) => rowOf(row, board, at === 0, names));
  return el("table", { role: "table" }, el("thead", { role: "rowgroup" }, head), el("tbody", { role: "rowgroup" }, ...rows));
}

/** Each cell knows its column: a phone shows a row as a list. */
function rowOf(row, board, first, names) {
  const cells = [
    `${row.place}`,
    row.label,
    quantity(row.mean, board.unit),
    interval(row.interval, board.unit, row.mean),
    first ? NONE : apart(ofValues(row, board), board.unit),
    first ? NONE : apartEnds(ofValues(row, board), board.unit),
    VERDICTS[row.verdict] ?? row.verdict,
    count(row.tasks),
    row.instances === null ? "not recorded" : count(row.instances),
  ];
  const about = (at) => ({ role: "cell", "data-name": names[at], class: cells[at] === NONE ? "none" : "" });
  return el("tr", { role: "row" }, ...cells.map((words, at) => el("td", about(at), words)));
}

/** A row says how many times worse something is; of a rate, what is left of it is shown. Turned over, ends change places. */
function ofValues(row, board) {
  if (board.better !== "higher") return row;
  const over = (ends, turned) => (ends ? [turned(ends[1]), turned(ends[0])] : ends);
  const inverse = (value) => 1 / value;
  const negative = (value) => -value;
  return {
    ...row,
    ratio: row.ratio === null ? null : inverse(row.ratio),
    ratio_interval: over(row.ratio_interval, inverse),
    difference: row.difference === null ? null : negative(row.difference),
    difference_interval: over(row.difference_interval, negative),
  };
}

const apart = (row, unit) => (row.ratio === null ? quantity(row.difference, unit) : percentApart(row.ratio));

const apartEnds = (row, unit) =>
  row.ratio === null ? interval(row.difference_interval, unit) : percentEnds(row.ratio_interval);

/** An interval that leaves out zero does not end at `0.0 %`. */
function percentEnds(ends) {
  if (!ends) return NONE;
  const apart = Math.min(...ends) > 1 || Math.max(...ends) < 1;
  return ends.map((end) => (apart && percentApart(end) === "0.0 %" ? small(end) : percentApart(end))).join(" to ");
}

function small(ratio) {
  const percent = (ratio - 1) * 100;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(Math.min(9, -Math.floor(Math.log10(Math.abs(percent)))))} %`;
}

/** Beyond a factor of ten as a factor. */
function percentApart(ratio) {
  if (ratio < 0.1 || ratio >= 10) return `${times(ratio)}×`;
  const percent = (ratio - 1) * 100;
  return Math.abs(percent) < 0.05 ? "0.0 %" : `${percent > 0 ? "+" : ""}${percent.toFixed(1)} %`;
}

/** Both ends in the unit that `like` is shown in. */
function interval(ends, unit, like = ends?.[1]) {
  if (!ends || unit === null) return NONE;
  const [factor, name] = scale(like, unit);
  return `${ends.map((end) => number(end / factor)).join(" to ")} ${name}`;
}

function quantity(value, unit) {
  if (value === null || unit === null) return NONE;
  const [factor, name] = scale(value, unit);
  return `${number(value / factor)} ${name}`;
}

/** What to divide by, and the unit then: only seconds and bytes are scaled. */
function scale(value, unit) {
  const steps = value && Object.hasOwn(SCALES, unit) ? SCALES[unit] : null; // a unit may be called `constructor`
  return steps ? (steps.find(([size]) => Math.abs(value) >= size) ?? steps.at(-1)) : [1, unit];
}

/** As the report has it: 17.0 and 0.0500, but 12,340. */
function times(value) {
  if (value < 0.001 || value >= 999.5) return number(value);
  return new Intl.NumberFormat("en", { minimumSignificantDigits: 3, maximumSignificantDigits: 3 }).format(value);
}

function number(value) {
  const size = Math.abs(value);
  if (size && (size < 1e-4 || size >= 1e7)) return value.toExponential(3);
  return new Intl.NumberFormat("en", { maximumSignificantDigits: 4 }).format(value);
}
