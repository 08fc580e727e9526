// One model in memory, and as many answers at a time as it has places; who comes later waits for a place.

import {pathToFileURL} from "node:url";
import {join} from "node:path";
import {Text} from "./text.mjs";

export class TooLong extends Error {}

export async function load({modules, weights, threads, places, context}) {
  const library = await import(pathToFileURL(join(modules, "node-llama-cpp", "dist", "index.js")));
  const llama = await library.getLlama({
    gpu: false, build: "never", skipDownload: true, progressLogs: false, logLevel: "error", maxThreads: threads,
  });
  const model = await llama.loadModel({modelPath: weights});
  const memory = await model.createContext({sequences: places, contextSize: context, threads});
  const wrapper = new library.JinjaTemplateChatWrapper({template: model.fileInfo.metadata.tokenizer.chat_template});
  return new Model(llama, model, memory, wrapper);
}

class Model {
  #llama; #model; #memory; #wrapper; #waiting = [];

  constructor(llama, model, memory, wrapper) {
    this.#llama = llama;
    this.#model = model;
    this.#memory = memory;
    this.#wrapper = wrapper;
  }

  get context() {
    return this.#memory.contextSize;
  }

  // As llama.cpp's own server describes a model.
  get meta() {
    return {n_ctx: this.context, n_ctx_train: this.#model.trainContextSize, size: this.#model.size};
  }

  tokenize(text) {
    return this.#model.tokenize(text);
  }

  // The tokens of a conversation in the model's own template.
  prompt(messages) {
    const history = messages.map(({role, content}) => (role === "assistant" ? {type: "model", response: [content]} : {type: role, text: content}));
    const state = this.#wrapper.generateContextState({chatHistory: [...history, {type: "model", response: []}]});
    return state.contextText.tokenize(this.#model.tokenizer);
  }

  // Yields {text} for each token, then {reason, tokens}. Ends early when `signal` is aborted. Throws TooLong.
  async *answer(prompt, {maxTokens, stops, signal, ...sampling}) {
    const room = this.context - prompt.length;
    if (room < 1) throw new TooLong(`the prompt has ${prompt.length} tokens, the context ${this.context}`);
    const most = Math.min(maxTokens ?? room, room);
    const place = await this.#place(signal);
    if (!place) return;
    const text = new Text(this.#model, stops);
    let tokens = 0;
    let reason = "stop";
    try {
      for await (const token of place.evaluate(prompt, sampling)) {
        if (signal.aborted) return;
        tokens += 1;
        yield {text: text.add(token)};
        if (text.stopped) break;
        if (tokens >= most) {
          reason = "length";
          break;
        }
      }
      yield {text: text.end()};
      yield {reason, tokens};
    } finally {
      await place.dispose();
      this.#waiting.shift()?.();
    }
  }

  async dispose() {
    await this.#llama.dispose();
  }

  async #place(signal) {
    while (this.#memory.sequencesLeft === 0) {
      await new Promise((resolve) => this.#waiting.push(resolve));
    }
    if (signal.aborted) {
      this.#waiting.shift()?.();
      return null;
    }
    return this.#memory.getSequence();
  }
}
