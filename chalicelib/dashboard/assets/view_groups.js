// Tasks by instance type and subject: a line for each, with its tasks below once it is opened.

import { el, keyed, setAge, setAttribute, setHidden, setText, stackedBar } from "./dom.js";
import { count, ended, ENDED_FIRST, percent, plural } from "./format.js";
import { groupKey, waiting } from "./store.js";
import { makeTasks } from "./view_tasks.js";

/** @param {{onToggle: Function, onShow: Function, onTurn: Function}} actions each is called with the group's key first */
export function drawGroups(parent, store, actions) {
  keyed(parent, store.run.groups, groupKey, (group) => makeGroup(group, store, actions));
}

function makeGroup(group, store, actions) {
  const key = groupKey(group);
  const id = `group-${groupNumber++}`;
  const bar = el("span", { class: "bar", "aria-hidden": "true" });
  const counts = el("span", { class: "counts" });
  const done = el("span", { class: "done" });
  const subject = group.subject ? [el("b", { class: "subject" }, group.subject)] : [];
  const machine = [el("b", {}, group.instance_type), el("span", {}, group.provider)];
  const name = el("span", { class: "group-name" }, ...machine, ...subject);
  const button = el("button", { type: "button", class: "group-line", "aria-expanded": "false", "aria-controls": id });
  button.append(name, bar, counts, done);
  button.addEventListener("click", () => actions.onToggle(key));
  const body = el("div", { id, class: "group-body", hidden: "" });
  const reason = makeReason();
  const node = el("section", { class: "card group", "aria-label": label(group) });
  node.append(el("h3", {}, button), reason.node, body);
  const stretches = stackedBar(bar);
  let tasks = null;
  const draw = (fresh) => {
    stretches(fresh);
    setText(counts, inWords(fresh));
    setText(done, `${percent(ended(fresh), fresh.total)} %`);
    reason.draw(fresh, store);
    const opened = store.opened.get(key);
    setAttribute(button, "aria-expanded", String(Boolean(opened)));
    setHidden(body, !opened);
    if (!opened) return;
    if (!tasks) body.append((tasks = makeTasks(key, actions)).node);
    tasks.draw(fresh, opened);
  };
  return { node, draw };
}

let groupNumber = 1;

const label = (group) => [group.provider, group.instance_type, group.subject].filter(Boolean).join(" ");

const inWords = (group) =>
  ENDED_FIRST.filter((status) => group[status])
    .map((status) => `${count(group[status])} ${status}`)
    .join(" · ");

/** Is a machine for this group on its way, and has no runner yet? */
function isComing({ provider, instance_type: type, state, called_home_at: calledHome }, group) {
  const early = ["wanted", "starting"].includes(state) || (state === "running" && !calledHome);
  return early && provider === group.provider && type === group.instance_type;
}

/** Why tasks wait, where that is known: no live runner offers what they need. Told once, however many subjects wait. */
function makeReason() {
  const words = el("span");
  const seen = el("time");
  const node = el("p", { class: "waiting", hidden: "" }, words, seen);
  const draw = (group, { run, runners: known, launches }) => {
    const mine = (known?.runners ?? []).filter(
      (runner) => runner.provider === group.provider && runner.instance_type === group.instance_type,
    );
    const pending = waiting(run.groups).get(group);
    const lacking = known && pending && !mine.some((runner) => runner.live) && !(known.truncated && !mine.length);
    const coming = (launches ?? []).some((launch) => isComing(launch, group)); // told in the table of machines
    setHidden(node, !lacking || coming);
    if (!lacking || coming) return;
    const which = `${group.provider} / ${group.instance_type}`;
    const last = mine.length ? "; the last one was seen " : "; none has asked for one yet.";
    setText(words, `${plural(pending, "task")} waiting: no live runner for ${which}${last}`);
    if (mine.length) setAge(seen, mine[0].seen_at);
    else setText(seen, "");
  };
  return { node, draw };
}
