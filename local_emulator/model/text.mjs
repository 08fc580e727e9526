// From tokens to text as it may be sent: whole characters only, and nothing that could become a stop word.

export class Text {
  #model; #stops; #sent = []; #pending = []; #held = "";
  stopped = false;

  constructor(model, stops) {
    this.#model = model;
    this.#stops = stops;
  }

  // The text that a token completes; empty while a character or a possible stop word is incomplete.
  add(token) {
    this.#pending.push(token);
    const text = this.#model.detokenize(this.#pending, false, this.#sent.slice(-8));
    if (text.endsWith("\uFFFD")) return "";
    this.#sent.push(...this.#pending);
    this.#pending = [];
    return this.#release(this.#held + text);
  }

  // What was held back, once no token follows.
  end() {
    const rest = this.#pending.length ? this.#model.detokenize(this.#pending, false, this.#sent.slice(-8)) : "";
    const text = this.stopped ? "" : this.#held + rest;
    this.#held = "";
    return text;
  }

  #release(text) {
    const places = this.#stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
    if (places.length) {
      this.stopped = true;
      this.#held = "";
      return text.slice(0, Math.min(...places));
    }
    const kept = Math.max(0, ...this.#stops.map((stop) => begun(text, stop)));
    this.#held = text.slice(text.length - kept);
    return text.slice(0, text.length - kept);
  }
}

// How many characters at the end of `text` are the beginning of `stop`.
function begun(text, stop) {
  for (let count = Math.min(stop.length - 1, text.length); count > 0; count--) {
    if (stop.startsWith(text.slice(-count))) return count;
  }
  return 0;
}
