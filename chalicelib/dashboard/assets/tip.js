// One floating box for long texts. Pointer, keyboard and touch all open it, and Escape closes it.

import { byId, setText } from "./dom.js";

const LEAVE_MS = 150; // time to move the pointer into the box, to read or copy
let owner = null;
let leaving = 0;

/** Shows `words()` beside `button` while it has the pointer or the focus. */
export function explains(button, words) {
  const open = () => show(button, words());
  button.addEventListener("pointerenter", open);
  button.addEventListener("focus", open);
  button.addEventListener("click", open);
  button.addEventListener("pointerleave", leave);
  button.addEventListener("blur", hide);
}

export function prepareTip() {
  const tip = byId("tip");
  tip.addEventListener("pointerenter", () => clearTimeout(leaving));
  tip.addEventListener("pointerleave", leave);
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("scroll", hide, { passive: true });
  addEventListener("pointerdown", (event) => tip.contains(event.target) || owner?.contains(event.target) || hide());
}

function show(button, words) {
  clearTimeout(leaving);
  const tip = byId("tip");
  owner = button;
  setText(tip, words);
  tip.showPopover();
  place(tip, button.getBoundingClientRect());
}

function place(tip, beside) {
  const below = beside.bottom + 6 + tip.offsetHeight < innerHeight;
  const left = Math.min(beside.left, document.documentElement.clientWidth - tip.offsetWidth - 12);
  tip.style.left = `${Math.max(12, left)}px`;
  tip.style.top = `${below ? beside.bottom + 6 : Math.max(12, beside.top - 6 - tip.offsetHeight)}px`;
}

function leave() {
  leaving = setTimeout(() => document.activeElement === owner || hide(), LEAVE_MS);
}

function hide() {
  clearTimeout(leaving);
  owner = null;
  byId("tip").hidePopover();
}
