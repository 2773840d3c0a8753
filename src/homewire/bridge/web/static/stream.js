// The event stream: one WebSocket, resumed where it broke off, tried again with growing, jittered pauses.
// States: connecting, live, waiting (with the moment of the next attempt), refused (a token is needed).

import { api, token } from "./api.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const STABLE_MS = 5_000; // only a link that held for a while earns a short pause again
const SILENT_MS = 30_000; // a network that is gone closes nothing: after so much silence, ask whether the bridge is there
const ANSWER_MS = 5_000;

export class EventStream {
  #socket = null;
  #cursor = null;
  #pause = FIRST_PAUSE_MS;
  #timer = 0;
  #stable = 0;
  #silence = 0;

  constructor(onMessage, onState) {
    this.onMessage = onMessage;
    this.onState = onState;
    addEventListener("online", () => this.#wake());
    addEventListener("offline", () => this.#probe());
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake());
  }

  start() {
    this.#open();
  }

  /** Try at once, whatever pause is running. */
  retry() {
    if (this.#timer) this.#open();
  }

  /** Something suggests that it works again, or no longer. */
  #wake() {
    if (this.#timer) this.#open();
    else this.#probe();
  }

  async #probe() {
    const socket = this.#socket;
    const problem = await api.overview({ signal: AbortSignal.timeout(ANSWER_MS) }).then(() => null, (failed) => failed);
    if (socket !== this.#socket || socket?.readyState !== WebSocket.OPEN) return;
    if (!problem || problem.status) this.#listen();
    else this.#lost(socket); // a close would wait for an answer of the other side
  }

  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#probe(), SILENT_MS);
  }

  #open() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.onState({ state: "connecting" });
    const address = new URL("/api/v1/events", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    if (this.#cursor) address.searchParams.set("resume", this.#cursor);
    const protocols = token.get() ? ["homewire", `homewire.token.${token.get()}`] : [];
    const socket = new WebSocket(address, protocols);
    this.#socket = socket;
    socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    socket.onclose = () => this.#lost(socket);
  }

  #take(message) {
    this.#listen();
    if (message.cursor) this.#cursor = message.cursor;
    if (message.type === "hello") {
      this.onState({ state: "live" });
      this.#stable = setTimeout(() => (this.#pause = FIRST_PAUSE_MS), STABLE_MS);
    }
    this.onMessage(message);
  }

  async #lost(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    socket.onmessage = socket.onclose = null;
    socket.close();
    clearTimeout(this.#stable);
    clearTimeout(this.#silence);
    this.onState({ state: "connecting" });
    // A browser does not tell why a WebSocket was refused; a plain request does.
    const refusal = await api.overview({ signal: AbortSignal.timeout(ANSWER_MS) }).then(() => null, (problem) => problem);
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
