// The tasks of one opened group: a page of them, and what leads to the others.

import { el, keyed, setAge, setAttribute, setBadge, setHidden, setText } from "./dom.js";
import { count, setBack, shortened, STATUSES } from "./format.js";
import { explains } from "./tip.js";

const COLUMNS = ["Task", "Alias", "Status", "Attempt", "Progress", "Runner", "Last beat", "Error"];

export function makeTasks(key, actions) {
  const filter = el("select", {}, ...["", ...STATUSES].map((status) => el("option", { value: status })));
  filter.addEventListener("change", () => actions.onShow(key, filter.value));
  const rows = el("tbody", { role: "rowgroup" });
  const heads = COLUMNS.map((words) => el("th", { scope: "col", role: "columnheader" }, words));
  const head = el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...heads));
  const table = el("table", { role: "table", "aria-label": "Tasks" }, head, rows);
  const empty = el("p", { class: "facts" });
  const pager = makePager(key, actions);
  const tools = el("div", { class: "tools" }, el("label", {}, "Show ", filter), pager.node);
  const draw = (group, opened) => {
    filter.value = opened.status;
    for (const option of filter.options) setText(option, filterWords(option.value, group));
    const tasks = opened.page?.tasks ?? [];
    keyed(rows, tasks, (task) => task.id, makeRow);
    setHidden(table, !tasks.length);
    setHidden(empty, tasks.length > 0);
    setText(empty, opened.page ? "No tasks here." : "Loading tasks");
    pager.draw(opened, opened.status ? group[opened.status] : group.total);
  };
  return { node: el("div", {}, tools, table, empty), draw };
}

const filterWords = (status, group) => `${status || "all"} (${count(group[status || "total"])})`;

function makePager(key, actions) {
  const range = el("span", { class: "range" });
  const buttons = ["Previous", "Next"].map((words) => el("button", { type: "button" }, words));
  const [back, forth] = buttons;
  back.addEventListener("click", () => actions.onTurn(key, false));
  forth.addEventListener("click", () => actions.onTurn(key, true));
  const node = el("nav", { class: "pager", "aria-label": "Pages of tasks" }, back, range, forth);
  const draw = ({ starts, page }, total) => {
    const { first } = starts.at(-1);
    const last = first + (page?.tasks.length ?? 0) - 1;
    setText(range, `${count(first)}–${count(last)} of ${count(Math.max(total, last))}`);
    setHidden(range, last < first);
    // A button that has the focus is not disabled under it: that would throw the focus away.
    setAttribute(back, "aria-disabled", String(starts.length === 1));
    setAttribute(forth, "aria-disabled", String(!page?.next_cursor));
    setHidden(node, starts.length === 1 && !page?.next_cursor);
  };
  return { node, draw };
}

/** @param {import("./api.js").Task} first */
function makeRow(first) {
  const cell = (...children) => el("td", { role: "cell" }, ...children);
  const badge = el("span");
  const attempt = el("span");
  const progress = makeProgress();
  const runner = el("span", { class: "mono" });
  const beat = el("time");
  const error = makeError();
  const node = el("tr", { role: "row" });
  node.append(
    cell([first.id.slice(first.id.lastIndexOf(".") + 1), first.part].filter(Boolean).join(" · ")),
    cell(first.instance_type_alias ?? "–"),
    cell(badge),
    cell(attempt),
    cell(progress.node),
    cell(runner),
    cell(beat),
    cell(error.node),
  );
  const draw = (task) => {
    setBadge(badge, task.status);
    setText(attempt, `${task.attempt} of ${task.max_attempts}`);
    progress.draw(task);
    setText(runner, task.runner_id ? shortened(task.runner_id) : "–");
    setAttribute(runner, "title", task.runner_id);
    setAge(beat, task.heartbeat_at);
    error.draw(task);
    // A phone leaves out what there is not.
    for (const [part, value] of [[runner, task.runner_id], [beat, task.heartbeat_at], [error.node, task.error_type]]) {
      setAttribute(part.parentElement, "class", value ? null : "none");
    }
  };
  return { node, draw };
}

function makeProgress() {
  const fill = el("span", { class: "running" });
  const bar = el("span", { class: "bar", "aria-hidden": "true" }, fill);
  const percent = el("span", { class: "done" });
  const words = el("span", { class: "benchmark" });
  const node = el("span", { class: "progress" }, bar, percent, words);
  const draw = (task) => {
    const done = task.status === "completed" ? 100 : (task.progress_pct ?? 0);
    setAttribute(fill, "class", task.status);
    if (fill.style.width !== `${done}%`) fill.style.width = `${done}%`;
    setText(percent, `${done} %`);
    const working = (task.status === "running" && (task.current_benchmark ?? task.heartbeat_message)) || "";
    setText(words, setBack(task.claimed_at, task.ended_at) ? "the clock was set back during this task" : working);
    setAttribute(words, "title", words.textContent || null);
  };
  return { node, draw };
}

/** The kind of error; the whole of it on hover, focus or click, and as the description of the button. */
function makeError() {
  const kind = el("span");
  const whole = el("span", { class: "unseen" });
  const button = el("button", { type: "button", class: "error", hidden: "" }, kind, whole);
  explains(button, () => whole.textContent.replace(/^: /, ""));
  const none = el("span", {}, "–");
  const draw = (task) => {
    setHidden(button, !task.error_type);
    setHidden(none, Boolean(task.error_type));
    if (!task.error_type) return;
    setText(kind, task.error_type);
    const reason = task.reason && task.reason !== task.error_type ? task.reason : null;
    const origin = task.failure_class && `${task.failure_class} failure`;
    setText(whole, `: ${[task.error_message, reason, origin].filter(Boolean).join("\n")}`);
  };
  return { node: el("span", {}, button, none), draw };
}
