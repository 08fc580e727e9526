// The run: its name and state, what can be done with it, its counters and the bar over all of them.

import { announce, byId, el, setAge, setAttribute, setBadge, setHidden, setText, stackedBar } from "./dom.js";
import { bytes, count, ended, percent, plural, setBack, STATUSES } from "./format.js";

const ARCHIVE_WORDS = {
  none: "Results can be downloaded once the run has ended.",
  building: "The archive is being built.",
  failed: "The archive could not be built",
};
const parts = {};

/** Makes what is not in the shell. `onDownload` and `onStop` are called with the run. */
export function prepareRun({ onDownload, onStop }) {
  parts.bar = stackedBar(byId("bar"));
  parts.counters = Object.fromEntries(["total", ...STATUSES].map((name) => [name, counter(name)]));
  byId("download").addEventListener("click", () => onDownload(parts.run));
  byId("stop").addEventListener("click", () => onStop(parts.run));
  const facts = ["workload", "ruby", "size"].map((name) => (parts[name] = el("span")));
  parts.created = el("time");
  parts.then = el("span");
  parts.until = el("time");
  byId("run-facts").append(...facts, el("span", {}, "created ", parts.created), el("span", {}, parts.then, parts.until));
}

function counter(name) {
  const value = el("dd");
  byId("counters").append(el("div", { class: `counter ${name}` }, el("dt", {}, name), value));
  return value;
}

/** @param {import("./api.js").Run} run */
export function drawRun(run) {
  tellChanges(parts.run, run);
  parts.run = run;
  setText(byId("run-id"), run.run_id);
  setBadge(byId("run-status"), run.status);
  drawFailed(run);
  drawFacts(run);
  const reason = run.precision && run.status !== "failed" && run.status !== "cancelled" ? "" : run.reason;
  setText(byId("run-reason"), reason ? `Reason: ${reason}` : "");
  setHidden(byId("run-reason"), !reason);
  const stops = stopWords(run.precision);
  setText(byId("run-precision"), stops.join("\n"));
  setHidden(byId("run-precision"), !stops.length);
  setHidden(byId("stop"), run.status !== "running");
  drawArchive(run);
  drawCounts(run.tasks);
}

/** A run completes whatever became of its tasks: beside "completed" stands how many failed. */
function drawFailed({ status, tasks }) {
  setText(byId("run-failed"), failedWords(tasks));
  setHidden(byId("run-failed"), !tasks.failed || status === "failed");
}

const failedWords = ({ failed, total }) => (failed ? `${count(failed)} of ${count(total)} failed` : "");

const share = (value) => `±${Number((value * 100).toPrecision(2))} %`;

/** Why a run with a target precision takes no more tasks, group by group. @param {?import("./api.js").Precision} precision */
function stopWords(precision) {
  return !precision ? [] : [`Target precision ${share(precision.target)}`, ...precision.stops.map(stopOf)];
}

function stopOf(stop) {
  const who = `${stop.provider}/${stop.instance_type}${stop.subject ? `, ${stop.subject}` : ""}`;
  const known = stop.half_width === null ? "no interval" : share(stop.half_width);
  return `${who}: ${stop.reason.replaceAll("_", " ")}, ${plural(stop.tasks, "task")} measured (${known})`;
}

function drawFacts(run) {
  setText(parts.workload, run.workload);
  setText(parts.ruby, run.ruby_version ? `Ruby ${run.ruby_version}` : "");
  const most = run.precision ? "up to " : "";
  setText(parts.size, `${most}${plural(run.per_instance_type.tasks, "task")} per instance`);
  setAge(parts.created, run.created_at);
  const then = setBack(run.created_at, run.completed_at) ? "ended before it began (a clock was set back): " : "ended ";
  setText(parts.then, run.completed_at ? then : "ends at the latest ");
  setAge(parts.until, run.completed_at ?? run.deadline_at);
}

function drawArchive(run) {
  const { state, size_bytes: size, error } = run.archive;
  const lost = lostWords(run.archive);
  const words = state === "failed" && error ? `${ARCHIVE_WORDS.failed}: ${error}` : (lost ?? ARCHIVE_WORDS[state]);
  byId("download").disabled = state !== "ready";
  setText(byId("download"), state === "ready" && size ? `Download results (${bytes(size)})` : "Download results");
  setText(byId("archive-note"), words ?? "");
  setHidden(byId("archive-note"), !words);
  setAttribute(byId("archive-note"), "class", state === "failed" || lost ? "reason" : "facts");
}

/** What was accepted and is not in the archive; undefined if everything is. */
function lostWords({ whole, corrupt, missing, lost }) {
  if (!corrupt && !missing) return undefined;
  const counts = Object.entries({ whole, corrupt, missing }).filter(([name, n]) => n || name === "whole");
  const named = lost.slice(0, 3).map((one) => `${one.task_id} (${one.archived}: ${one.reason})`);
  return `The archive holds ${counts.map(([name, n]) => `${count(n)} ${name}`).join(", ")} results: ${named.join(", ")}`;
}

function drawCounts(counts) {
  const done = percent(ended(counts), counts.total);
  for (const [name, node] of Object.entries(parts.counters)) setText(node, count(counts[name]));
  parts.bar(counts);
  setAttribute(byId("bar"), "aria-valuenow", done);
  setAttribute(byId("bar"), "aria-valuetext", `${done} %, ${count(ended(counts))} of ${count(counts.total)}`);
  setText(byId("bar-text"), `${count(ended(counts))} of ${plural(counts.total, "task")} ended, ${done} %`);
}

const statusWords = ({ status, tasks }) => [status, failedWords(tasks)].filter(Boolean).join(", ");

/** A status that changes is said; a counter that moves is not. */
function tellChanges(before, run) {
  if (before?.run_id !== run.run_id) return;
  if (before.status !== run.status) announce(`Run ${run.run_id} is ${statusWords(run)}.`);
  else if (before.archive.state !== run.archive.state) announce(`Archive of run ${run.run_id}: ${run.archive.state}.`);
}
