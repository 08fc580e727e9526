// Numbers and times in words.

import { now } from "./api.js";

const NUMBER = new Intl.NumberFormat("en");
const STEPS = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]];
const PREFIXES = ["B", "kB", "MB", "GB", "TB"];

export const STATUSES = ["pending", "claimed", "running", "completed", "failed", "cancelled"];
/** As they stand in a bar, and are told in words: what has ended first. */
export const ENDED_FIRST = ["completed", "failed", "cancelled", "running", "claimed", "pending"];
export const count = (value) => NUMBER.format(value);
export const plural = (value, word) => `${count(value)} ${word}${value === 1 ? "" : "s"}`;
export const ended = (counts) => counts.completed + counts.failed + counts.cancelled;

/** "12 s ago"; "in 3 h" for a time to come. */
export function age(iso) {
  const seconds = Math.round((now() - Date.parse(iso)) / 1_000);
  const [size, unit] = STEPS.find(([step]) => Math.abs(seconds) >= step) ?? STEPS.at(-1);
  const words = `${Math.floor(Math.abs(seconds) / size)} ${unit}`;
  return seconds < -1 ? `in ${words}` : seconds < 1 ? "now" : `${words} ago`;
}

/** Whole percents; 100 only for all of it. */
export function percent(part, whole) {
  return whole ? Math.min(part < whole ? 99 : 100, Math.round((100 * part) / whole)) : 0;
}

export function bytes(value) {
  const step = Math.min(PREFIXES.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${(value / 1000 ** step).toFixed(step ? 1 : 0)} ${PREFIXES[step]}`;
}

export const shortened = (text, most = 12) => (text.length > most ? `${text.slice(0, most)}…` : text);
export const clockTime = (date) => date.toLocaleTimeString([], { hour12: false });

/** Did it end before it began? Times are ISO 8601 in UTC with whole seconds: they sort as texts. */
export const setBack = (start, end) => Boolean(start && end && end < start);
