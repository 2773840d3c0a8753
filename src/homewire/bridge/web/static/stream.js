// The event stream: one WebSocket, resumed where it broke off, tried again with growing, jittered pauses.
// States: connecting, live, waiting (with the moment of the next attempt), refused (a token is needed).

import { api, token } from "./api.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const STABLE_MS = 5_000; // only a link that held for a while earns a short pause again

export class EventStream {
  #socket = null;
  #cursor = null;
  #pause = FIRST_PAUSE_MS;
  #timer = 0;
  #stable = 0;

  constructor(onMessage, onState) {
    this.onMessage = onMessage;
    this.onState = onState;
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#timer === 0 || this.retry());
  }

  start() {
    this.#open();
  }

  /** Try at once, whatever pause is running. */
  retry() {
    if (this.#timer) this.#open();
  }

  #open() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.onState({ state: "connecting" });
    const address = new URL("/api/v1/events", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    if (this.#cursor) address.searchParams.set("resume", this.#cursor);
    const protocols = token.get() ? ["homewire", `homewire.token.${token.get()}`] : [];
    this.#socket = new WebSocket(address, protocols);
    this.#socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    this.#socket.onclose = () => this.#lost();
  }

  #take(message) {
    if (message.cursor) this.#cursor = message.cursor;
    if (message.type === "hello") {
      this.onState({ state: "live" });
      this.#stable = setTimeout(() => (this.#pause = FIRST_PAUSE_MS), STABLE_MS);
    }
    this.onMessage(message);
  }

  async #lost() {
    clearTimeout(this.#stable);
    // A browser does not tell why a WebSocket was refused; a plain request does.
    const refusal = await api.overview().then(() => null, (problem) => problem);
    if (refusal?.status === 401 || refusal?.code === "unauthorized") {
      this.onState({ state: "refused" });
      return;
    }
    const pause = this.#pause * (0.5 + Math.random() / 2);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
    this.onState({ state: "waiting", until: Date.now() + pause });
    this.#timer = setTimeout(() => this.#open(), pause);
  }
}
