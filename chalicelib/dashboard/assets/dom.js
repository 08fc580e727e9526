// Makes elements, and changes in place only what is different: focus, selection and open parts stay as they are.

import { age, ENDED_FIRST } from "./format.js";

export const byId = (id) => document.getElementById(id);

/** An element with attributes and children. Children that are strings become text, never markup. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** null takes the attribute away. */
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

/** Shows a time as its age, which `tick` keeps current; "" shows as a dash. */
export function setAge(node, iso) {
  setAttribute(node, "datetime", iso);
  setAttribute(node, "title", iso);
  setText(node, iso ? age(iso) : "–");
}

/** Once a second: times only, and none of them is announced. */
export function tick() {
  for (const node of document.querySelectorAll("time[datetime]")) setText(node, age(node.dateTime));
}

/** Makes `parent` hold one child for each item, in their order; `make` gives `{node, draw(item)}` for a new key. */
export function keyed(parent, items, keyOf, make) {
  const before = parent.views ?? new Map();
  const after = new Map(items.map((item) => [keyOf(item), before.get(keyOf(item)) ?? make(item)]));
  for (const [key, view] of before) if (!after.has(key)) view.node.remove();
  let next = parent.firstElementChild;
  for (const item of items) {
    const { node, draw } = after.get(keyOf(item));
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
    draw(item);
  }
  parent.views = after;
}

/** A bar with a stretch for each status. */
export function stackedBar(bar) {
  const stretches = ENDED_FIRST.map((status) => [status, el("span", { class: status })]);
  bar.append(...stretches.map(([, node]) => node));
  return (counts) => {
    for (const [status, node] of stretches) {
      const width = `${counts.total ? (100 * counts[status]) / counts.total : 0}%`;
      if (node.style.width !== width) node.style.width = width;
    }
  };
}

export function setBadge(node, status) {
  setText(node, status);
  setAttribute(node, "class", `badge ${status}`);
}

let announced = "";
/** Says it to screen readers, once. */
export function announce(words) {
  if (words === announced) return;
  announced = words;
  setText(byId("announce"), words);
}
