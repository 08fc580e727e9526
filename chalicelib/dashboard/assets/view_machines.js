// The machines that the control plane brings for a run: where each is, what became of it, what it costs.

import { byId, el, keyed, setAge, setAttribute, setHidden, setText } from "./dom.js";

const NAMES = ["number", "instance type", "machine", "where", "state", "launched", "USD"];
const NONE = "–";

/** Makes what is not in the shell. */
export function prepareMachines() {
  const head = NAMES.map((name) => el("th", { scope: "col", role: "columnheader" }, name));
  byId("machines-head").append(el("tr", { role: "row" }, ...head));
}

/** @param {?import("./api.js").Launch[]} launches null or empty where none are brought */
export function drawMachines(launches) {
  setHidden(byId("machines"), !launches?.length);
  keyed(byId("machines-body"), launches ?? [], (launch) => launch.name, makeRow);
}

/** Each cell knows its column: a phone shows a row as a list. */
function makeRow() {
  const launched = el("time");
  const cells = NAMES.map((name) => el("td", { role: "cell", "data-name": name }));
  cells[5].append(launched);
  const draw = (launch) => {
    const spot = launch.market === "spot" ? ", spot" : "";
    setText(cells[0], launch.name.split("-").at(-1));
    setText(cells[1], `${launch.provider} / ${launch.instance_type}`);
    setText(cells[2], launch.name);
    setText(cells[3], `${launch.zone ?? launch.region ?? NONE}${spot}`);
    setText(cells[4], stateWords(launch));
    setAttribute(cells[4], "class", launch.state === "failed" ? "words error-text" : "words");
    setAge(launched, launch.launched_at ?? "");
    setText(cells[6], costWords(launch));
  };
  return { node: el("tr", { role: "row" }, ...cells), draw };
}

/** With the day of the price by which it was counted. */
function costWords({ cost_usd: cost, price_date: day }) {
  return cost === null ? NONE : [cost.toFixed(4), day && `price of ${day}`].filter(Boolean).join(", ");
}

function stateWords({ state, failure, phase, message }) {
  if (failure && state !== "ended") {
    return `${state === "wanted" ? "waits" : state}: ${failure.code}: ${failure.message}; ${failure.remedy}`;
  }
  const tells = phase && !["runner", "ended"].includes(phase) && ["starting", "running"].includes(state);
  return tells ? [`${state}, ${phase}`, message].filter(Boolean).join(": ") : state;
}
