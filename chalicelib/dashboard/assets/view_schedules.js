// The schedules of the control plane: when each fires next, and how it went the last time.

import { byId, el, keyed, setAge, setAttribute, setHidden, setText } from "./dom.js";

const STATES = { completed: "completed", failed: "failed", not_started: "failed", running: "running" };

export function drawSchedules(schedules) {
  setHidden(byId("schedules"), !schedules.length);
  keyed(byId("schedules-list"), schedules, (schedule) => schedule.name, makeSchedule);
}

function makeSchedule({ name }) {
  const when = el("span");
  const next = el("time");
  const never = el("span", { hidden: "" }, "never again");
  const badge = el("span", { class: "badge" });
  const run = el("a");
  const reason = el("span");
  const firing = el("p", { class: "facts" }, badge, " ", run, " ", reason);
  const due = el("p", { class: "facts" }, when, " · next ", next, never);
  const node = el("li", {}, el("b", {}, name), due, firing);
  const draw = (schedule) => {
    const { last } = schedule;
    setText(when, `${schedule.expression}, ${schedule.time_zone}`);
    setHidden(next, !schedule.next_at);
    setHidden(never, Boolean(schedule.next_at));
    if (schedule.next_at) setAge(next, schedule.next_at);
    setHidden(firing, !last);
    if (!last) return;
    setText(badge, last.state.replace("_", " "));
    setAttribute(badge, "class", `badge ${STATES[last.state] ?? ""}`);
    setText(run, last.run_id ?? "");
    setAttribute(run, "href", last.run_id ? `?run_id=${encodeURIComponent(last.run_id)}` : null);
    setText(reason, last.tasks_failed ? `${last.tasks_failed} of ${last.tasks} tasks failed` : (last.reason ?? ""));
  };
  return { node, draw };
}
