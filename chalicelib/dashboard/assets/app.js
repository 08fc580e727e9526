// Ties store, poll and views together, and the address to the run that is shown.

import { ask as askApi, forgetKey, NoAnswer, Refused, savedKey } from "./api.js";
import { ask } from "./dialog.js";
import { announce, byId, tick } from "./dom.js";
import { ended, plural } from "./format.js";
import { signed } from "./fleet.js";
import { Poll } from "./poll.js";
import { Registry } from "./registry.js";
import { Store } from "./store.js";
import { prepareTip } from "./tip.js";
import { drawExecutors, prepareExecutors } from "./view_executors.js";
import { drawFleet, prepareFleet } from "./view_fleet.js";
import { openTests, prepareTests } from "./view_fleet_tests.js";
import { drawConnection, drawNotice, drawPicker, drawTitle } from "./view_frame.js";
import { drawGroups } from "./view_groups.js";
import { drawMachines, prepareMachines } from "./view_machines.js";
import { drawResults } from "./view_results.js";
import { drawRun, prepareRun } from "./view_run.js";
import { drawSchedules } from "./view_schedules.js";

const store = new Store();
const registry = new Registry();
const poll = new Poll((signal) => store.read(signal), settled);
const runnersPoll = new Poll((signal) => store.readRunners(signal), draw);
const schedulesPoll = new Poll((signal) => store.readSchedules(signal), () => drawSchedules(store.schedules));
const registryPoll = new Poll((signal) => registry.read(signal), () => drawExecutors(registry));
let silentSince = null;
let askedForKey = false;
let runnersOf = null;
let restAsked = false;

const actions = {
  onToggle: (key) => change(() => store.toggle(key)),
  onShow: (key, status) => change(() => store.show(key, status)),
  onTurn: (key, forward) => change(() => store.turn(key, forward)),
};

function change(act) {
  act();
  draw();
  poll.now();
}

function settled(failing) {
  if (failing && !silentSince) announce("The control plane does not answer.");
  if (!failing && silentSince) announce("The control plane answers again.");
  silentSince = failing ? (silentSince ?? new Date()) : null;
  draw();
  if (!failing && !restAsked && !["loading", "locked"].includes(store.view)) {
    restAsked = true;
    schedulesPoll.now();
    registryPoll.now();
  }
  if (store.view === "shown" && runnersOf !== store.runId) {
    runnersOf = store.runId;
    runnersPoll.now();
  }
  if (store.view === "locked" && !askedForKey && !byId("dialog").open) unlock();
}

function draw() {
  drawNotice(store, Boolean(silentSince));
  drawPicker(store);
  drawConnection(store, silentSince);
  drawTitle(store);
  if (store.view !== "shown") return;
  drawRun(store.run);
  drawFleet(store.fleet);
  drawResults(store.results);
  drawMachines(store.launches);
  drawGroups(byId("groups"), store, actions);
}

function goTo(runId) {
  history.pushState(null, "", runId ? `?run_id=${encodeURIComponent(runId)}` : "./");
  followAddress();
}

function followAddress() {
  const named = new URLSearchParams(location.search).get("run_id");
  change(() => store.select(named || store.runs[0]?.run_id || null));
}

async function unlock() {
  askedForKey = true;
  const text = savedKey() ? "The key of this tab is no longer known." : "Reading this control plane takes an API key.";
  forgetKey();
  const worked = await ask({
    title: "Enter a key", text, cancel: "Cancel", action: "Unlock", lacksRight: "This key may not read runs.",
    attempt: (key) => askApi("runs", { key }),
  });
  if (worked) {
    askedForKey = false; // a key that is taken back later is asked for again
    poll.now();
  }
}

async function stop(run) {
  const open = plural(run.tasks.total - ended(run.tasks), "task");
  const worked = await ask({
    title: "End this run early?",
    text: `This cancels what is still open of run ${run.run_id}: ${open}. What was accepted until now is kept and archived.`,
    cancel: "Keep it running", action: "End run", danger: true,
    lacksRight: "This key may not end a run: that takes an admin's.",
    attempt: (key) => askApi(`runs/${run.run_id}/stop`, { method: "POST", key }),
  });
  poll.now();
  if (worked) byId("main").focus();
}

/** The link is signed when it is asked for: it is good for an hour only. */
const download = (run) => fetched(async () => (await askApi(`runs/${run.run_id}`)).gzip_url);

const downloadFile = (runId, path) => fetched(() => signed(runId, path));

async function fetched(sign) {
  try {
    const url = await sign();
    if (url) location.assign(url);
  } catch (error) {
    if (!(error instanceof NoAnswer || error instanceof Refused)) throw error;
    announce("The download could not be signed. Try again.");
    poll.now();
  }
}

prepareRun({ onDownload: download, onStop: stop });
prepareFleet({ open: openTests, fetch: (path) => downloadFile(store.runId, path) });
prepareTests({ fetch: downloadFile });
prepareMachines();
prepareExecutors();
prepareTip();
byId("runs").addEventListener("change", (event) => goTo(event.target.value));
byId("older").addEventListener("click", () => store.readOlder().then(draw, () => poll.now()));
byId("notice-button").addEventListener("click", () => (store.view === "locked" ? unlock() : goTo("")));
addEventListener("popstate", followAddress);
setInterval(tick, 1_000);
followAddress();
