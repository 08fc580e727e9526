// The files that a fleet has left: those of the fleet itself here, those of a shard beside its tests.

import { byId, el, keyed, setHidden, setText } from "./dom.js";
import { bytes, count } from "./format.js";

/** A fleet's own files stand in no repository's folder. */
const isOwn = ({ path }) => !path.includes("/") || path.startsWith("csv/");

export function drawFiles(detail, artifacts) {
  const own = artifacts.filter(isOwn);
  setHidden(byId("fleet-artifacts"), !artifacts.length);
  setText(byId("fleet-files-note"), `${count(artifacts.length)} files; those of a repository are beside its tests. All of them:`);
  setText(byId("fleet-files-more"), `benchfleet fleet results ${detail.run_id} --fetch`);
  keyed(byId("fleet-files"), own, (one) => one.path, ({ path, size_bytes: size }) => ({ node: fileItem(path, size), draw: () => {} }));
}

/** A link is signed when it is asked for: it is good for an hour only. */
export function fileItem(path, size = null) {
  const words = size === null ? path : `${path} (${bytes(size)})`;
  return el("li", {}, el("button", { type: "button", class: "file", "data-path": path }, words));
}
