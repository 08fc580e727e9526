// One test in full: what was asked and answered, and what is known of the call. All of it is text of others.

import { el } from "./dom.js";
import { readTest } from "./fleet.js";
import { milliseconds } from "./fleet_words.js";
import { count } from "./format.js";

/** Reads the test, and shows it as soon as it is there. */
export function makeText(runId, shard, key) {
  const node = el("div", { class: "test", role: "group", "aria-label": `Test ${key}` }, el("p", { class: "facts" }, "Loading the test"));
  readTest(runId, shard, key).then(({ found, refusal }) => {
    node.replaceChildren(...(found ? parts(found) : [el("p", { class: "error-text" }, refusal)]));
  });
  return node;
}

function parts({ text, saves_responses: saves }) {
  return [
    ...text.error || text.error_kind ? [el("p", { class: "error-text" }, errorWords(text))] : [],
    ...prose("Prompt", text.prompt, text.prompt_chars, saves ? "No prompt was saved." : "Not saved: save_responses is false."),
    ...prose("Answer", text.answer, text.answer_chars, "There is no answer."),
    ...text.scores.length ? [el("h4", {}, "Checks"), el("ul", {}, ...text.scores.map(check))] : [],
    el("p", { class: "facts" }, factsWords(text)),
    ...text.artifact ? [el("p", {}, el("button", { type: "button", class: "file", "data-path": text.artifact }, text.artifact))] : [],
  ];
}

function prose(title, words, chars, none) {
  const body = words === null ? el("p", { class: "facts" }, none)
    : words === "" ? el("p", { class: "facts" }, "It is empty.") : el("pre", { tabindex: "0", "aria-label": title }, words);
  const cut = words !== null && words.length < chars ? [el("p", { class: "facts" }, `Cut: it has ${count(chars)} characters.`)] : [];
  return [el("h4", {}, title), body, ...cut];
}

const errorWords = (text) => [text.error_kind, text.http_status && `HTTP ${text.http_status}`, text.error].filter(Boolean).join(": ");

function check({ type, passed, reason, error }) {
  const why = error ?? reason;
  return el("li", {}, `${type}: ${passed ? "passed" : "failed"}${why ? ` (${why})` : ""}`);
}

function factsWords(text) {
  const tokens = text.prompt_tokens === null ? null
    : `${count(text.prompt_tokens)} + ${count(text.completion_tokens)} tokens, ${text.usage_source ?? "not reported"}`;
  const told = [
    text.model && `answered by ${text.model}`,
    tokens,
    text.finish_reason && `finished: ${text.finish_reason}`,
    text.tpot_ms !== null && `${milliseconds(text.tpot_ms)} per token`,
    text.queue_ms && `${milliseconds(text.queue_ms)} queued`,
    text.tries > 1 && `${count(text.tries)} tries, ${milliseconds(text.retry_wait_ms)} waiting between`,
    text.price_source && `price: ${text.price_source}`,
    text.timestamp,
  ];
  return told.filter(Boolean).join(" · ");
}
