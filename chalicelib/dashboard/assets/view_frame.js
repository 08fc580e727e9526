// What is around the run: the list of runs, the state of the connection, and a notice where there is no run to show.

import { announce, byId, el, keyed, setAttribute, setHidden, setText } from "./dom.js";
import { age, clockTime, ended, percent } from "./format.js";

const NOTICES = {
  loading: (id) => ({ title: id ? `Run ${id}` : "Loading", text: "Asking the control plane." }),
  empty: () => ({
    title: "No runs yet",
    text: "Start one, and it shows up here by itself. On this machine, with a control plane of its own:",
    code: "benchfleet run -c configs/local.json --emulator\n\n# or on this one\nbenchfleet run -c configs/local.json --api-url "
      + new URL(".", document.baseURI).href.replace(/\/$/, ""),
  }),
  missing: (id) => ({
    title: `There is no run ${id}`,
    text: "It may have been deleted, or the address is not complete.",
    button: "Show the newest run",
  }),
  locked: () => ({
    title: "This control plane is not public",
    text: "Reading its runs takes an API key: a reader's will do.",
    button: "Enter a key",
  }),
};

export function drawNotice(store, failing) {
  const shown = store.view === "shown";
  setHidden(byId("notice"), shown);
  setHidden(byId("run"), !shown);
  if (shown) return;
  const silent = failing && store.view === "loading";
  const notice = NOTICES[store.view](store.runId);
  const text = silent ? "The control plane does not answer. This page goes on asking." : notice.text;
  setText(byId("notice-title"), silent ? "No answer" : notice.title);
  setText(byId("notice-text"), text);
  setText(byId("notice-code"), notice.code ?? "");
  setHidden(byId("notice-code"), !notice.code);
  setText(byId("notice-button"), notice.button ?? "");
  setHidden(byId("notice-do"), !notice.button);
  if (store.view !== "loading") announce(`${notice.title}. ${notice.text}`);
}

export function drawTitle({ view, run, runId }) {
  const done = view === "shown" && run.status === "running" ? `${percent(ended(run.tasks), run.tasks.total)} % · ` : "";
  document.title = `${done}${runId ? `${runId} · ` : ""}benchfleet`;
}

/** The list is not touched while it is being read: some browsers would close it. */
export function drawPicker(store) {
  const select = byId("runs");
  const items = [...store.runs];
  if (store.runId && !items.some((run) => run.run_id === store.runId)) items.unshift({ run_id: store.runId });
  setHidden(byId("older"), !store.olderCursor);
  select.disabled = !items.length;
  if (items.length) select.querySelector('option[value=""]')?.remove();
  keyed(select, items, (run) => run.run_id, makeOption);
  if (items.length && select.value !== store.runId) select.value = store.runId;
}

function makeOption({ run_id: runId }) {
  const node = el("option", { value: runId });
  const draw = (run) => {
    const words = [runId, run.workload, run.status, run.created_at && age(run.created_at)].filter(Boolean).join(" · ");
    if (document.activeElement !== node.parentElement || !node.textContent) setText(node, words);
  };
  return { node, draw };
}

/** @param {?Date} silentSince when the control plane last failed to answer for the first time in a row */
export function drawConnection(store, silentSince) {
  const live = store.view === "shown" && store.run.status === "running";
  const words = { loading: "Loading", locked: "Locked" }[store.view] ?? (live ? "Live" : "Up to date");
  setText(byId("connection"), silentSince ? `No answer since ${clockTime(silentSince)}` : words);
  setAttribute(byId("connection"), "class", `connection ${silentSince ? "silent" : live ? "live" : ""}`);
}
