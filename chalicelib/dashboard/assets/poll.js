// Does something again and again: not while the tab is hidden, less and less often while nobody answers.

import { NoAnswer } from "./api.js";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

export class Poll {
  #step;
  #onTrouble;
  #timer = 0;
  #failures = 0;
  #running = new AbortController();

  /**
   * @param {(signal: AbortSignal) => Promise<number>} step gives the milliseconds until it wants to be called again
   * @param {(failing: boolean) => void} onTrouble told after each step
   */
  constructor(step, onTrouble) {
    this.#step = step;
    this.#onTrouble = onTrouble;
    document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(this.#timer) : this.now()));
    addEventListener("online", () => this.now());
  }

  /** Takes a step at once, in place of one that is under way. */
  async now() {
    clearTimeout(this.#timer);
    this.#running.abort();
    const mine = (this.#running = new AbortController());
    const waitMs = await this.#take(mine.signal);
    if (mine.signal.aborted) return;
    this.#onTrouble(this.#failures > 0);
    if (!document.hidden) this.#timer = setTimeout(() => this.now(), waitMs);
  }

  async #take(signal) {
    try {
      const waitMs = await this.#step(signal);
      this.#failures = 0;
      return waitMs;
    } catch (error) {
      if (signal.aborted) return 0;
      if (!(error instanceof NoAnswer)) console.error(error);
      this.#failures += 1;
      return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1)) * (0.75 + Math.random() / 2);
    }
  }
}
