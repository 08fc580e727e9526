// The one dialog: it asks for a key, or whether a run should really end, and stays open until that has worked.

import { NoAnswer, Refused, saveKey, savedKey } from "./api.js";
import { byId, setAttribute, setHidden, setText } from "./dom.js";

const WRONG_KEY = "The control plane does not know this key. Try another.";

/**
 * @param {{title: string, text: string, cancel: string, action: string, danger?: boolean, lacksRight: string,
 *   attempt: (key: string) => Promise<unknown>}} asks `attempt` throws Refused or NoAnswer; a key that worked is kept
 * @returns {Promise<boolean>} did it work, or was the dialog closed?
 */
export function ask(asks) {
  const dialog = byId("dialog");
  setText(byId("dialog-title"), asks.title);
  setText(byId("dialog-text"), asks.text);
  setText(byId("dialog-cancel"), asks.cancel);
  setText(byId("dialog-do"), asks.action);
  setAttribute(byId("dialog-do"), "class", asks.danger ? "danger solid" : "primary");
  setText(byId("dialog-error"), "");
  byId("key").value = "";
  setHidden(byId("dialog-key"), Boolean(savedKey()));
  byId("dialog-cancel").onclick = () => dialog.close();
  dialog.showModal();
  (savedKey() ? byId("dialog-cancel") : byId("key")).focus();
  return answered(dialog, asks);
}

function answered(dialog, asks) {
  return new Promise((resolve) => {
    let worked = false;
    let open = true;
    byId("dialog-do").disabled = false;
    dialog.onclose = () => {
      open = false;
      byId("key").value = "";
      resolve(worked);
    };
    byId("dialog-form").onsubmit = async (event) => {
      event.preventDefault();
      if (byId("dialog-do").disabled) return;
      byId("dialog-do").disabled = true;
      const trouble = await tried(asks);
      if (!open) return; // the dialog may be asking something else by now
      byId("dialog-do").disabled = false;
      worked = !trouble;
      if (worked) dialog.close();
      else complain(trouble);
    };
  });
}

/** Nothing where it worked, else what went wrong, and whether another key may help. */
async function tried(asks) {
  const typed = byId("dialog-key").hidden ? savedKey() : byId("key").value.trim();
  if (!typed) return { words: "Enter a key.", keyHelps: true };
  try {
    await asks.attempt(typed);
    saveKey(typed);
    return null;
  } catch (error) {
    if (error instanceof NoAnswer) return { words: "The control plane does not answer. Try again.", keyHelps: false };
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) return { words: WRONG_KEY, keyHelps: true };
    return error.status === 403 ? { words: asks.lacksRight, keyHelps: true } : { words: `${error.message}.`, keyHelps: false };
  }
}

function complain({ words, keyHelps }) {
  setText(byId("dialog-error"), words);
  if (!keyHelps) return;
  setHidden(byId("dialog-key"), false);
  byId("key").focus();
  byId("key").select();
}
