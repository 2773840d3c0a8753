// What the page knows: appliances, connections and running commands, kept current by the event stream.
// Elements subscribe to a topic (`appliances`, `appliance:ID`, `commands:ID`, `connections`, `link`, `snapshot` after
// something was missed, `minute` because time has gone by) and look here.

import { api, Problem } from "./api.js";
import { EventStream } from "./stream.js";

const FINAL = new Set(["confirmed", "rejected", "timed_out", "superseded", "failed"]);
const order = ({ stage }) => ["queued", "sent", "accepted"].indexOf(stage) + (FINAL.has(stage) ? 9 : 0);
const CONFIRMED_SHOWN_MS = 2_500;
const UNHEARD_MS = 4_000;

class Store {
  appliances = new Map();
  connections = new Map();
  commands = new Map(); // "id key" -> the newest command of a feature, while there is something to show about it
  link = { state: "connecting" };
  loaded = false;
  lostAt = null; // since when the bridge does not answer
  version = "";
  #topics = new Map();
  #stream = new EventStream((message) => this.#take(message), (link) => this.#linked(link));

  start() {
    this.#stream.start();
    setInterval(() => document.hidden || this.#tell("minute"), 60_000);
    document.addEventListener("visibilitychange", () => document.hidden || this.#tell("minute"));
  }

  retry() {
    this.#stream.retry();
  }

  restart() {
    this.#stream.start();
  }

  /** Call back whenever a topic has news; returns what ends that. */
  on(topic, listener) {
    if (!this.#topics.has(topic)) this.#topics.set(topic, new Set());
    this.#topics.get(topic).add(listener);
    return () => this.#topics.get(topic).delete(listener);
  }

  command(id, key) {
    return this.commands.get(`${id} ${key}`);
  }

  dismiss(id, key) {
    this.commands.delete(`${id} ${key}`);
    this.#tell(`commands:${id}`);
  }

  /** Set or press a feature. What becomes of it shows in `commands`; nothing is shown as the state before it is. */
  async send(id, key, value, dangerous = false) {
    this.#note({ id: "", appliance: id, key, value: value ?? null, stage: "queued", error: null, mine: true });
    try {
      const command = await api.command(id, key, value, dangerous);
      this.#note({ ...command, mine: true });
      if (!FINAL.has(command.stage)) setTimeout(() => this.#askAfter(command), UNHEARD_MS);
    } catch (problem) {
      this.#failed({ appliance: id, key, value: value ?? null }, problem);
    }
  }

  /** Where the stream is silent, ask how a command ended. */
  async #askAfter(command) {
    const shown = this.command(command.appliance, command.key);
    if (shown?.id !== command.id || FINAL.has(shown.stage)) return;
    if (this.link.state === "live") {
      setTimeout(() => this.#askAfter(command), UNHEARD_MS);
      return;
    }
    try {
      this.#note({ ...(await api.commandEnd(command.id)), mine: true });
      this.#askAfter(command);
    } catch (problem) {
      this.#failed(command, problem);
    }
  }

  #failed(command, problem) {
    const { message, hint, code } = problem instanceof Problem ? problem : { message: String(problem), hint: "", code: "error" };
    this.#note({ ...command, stage: "rejected", mine: true, error: { message, hint, code } });
  }

  #note(command) {
    const place = `${command.appliance} ${command.key}`;
    const before = this.commands.get(place);
    if (before?.id === command.id && (FINAL.has(before.stage) || order(before) > order(command))) return; // an answer that was overtaken
    if (before?.mine && (before.id === command.id || before.id === "")) command = { ...command, mine: true };
    if (command.stage === "superseded" && before && before.id !== command.id) return;
    if (!command.mine && FINAL.has(command.stage)) this.commands.delete(place);
    else this.commands.set(place, command);
    if (command.stage === "confirmed") setTimeout(() => this.command(command.appliance, command.key) === command && this.dismiss(command.appliance, command.key), CONFIRMED_SHOWN_MS);
    this.#tell(`commands:${command.appliance}`);
  }

  #linked(link) {
    this.link = link;
    if (link.state === "live") this.lostAt = null;
    if (link.state === "waiting") this.lostAt ??= Date.now();
    this.#tell("link");
  }

  #tell(topic, news) {
    for (const listener of this.#topics.get(topic) ?? []) listener(news);
  }

  #take(message) {
    this[`on_${message.type}`]?.(message);
  }

  on_hello({ version }) {
    this.version = version;
  }

  on_snapshot({ appliances, connections }) {
    const gone = [...this.appliances.keys()].filter((id) => !appliances.some((one) => one.id === id));
    for (const id of gone) this.appliances.delete(id);
    this.connections = new Map(connections.map((one) => [one.name, one]));
    this.loaded = true;
    for (const one of appliances) this.#put(one);
    for (const id of gone) this.#tell(`appliance:${id}`);
    this.#tell("appliances");
    this.#tell("connections");
    this.#tell("link");
    this.#tell("snapshot");
  }

  on_change({ appliance: id, at, values, occurrences, availability }) {
    const known = this.appliances.get(id);
    if (!known) return;
    Object.assign(known.state, values);
    known.updated_at = at;
    if (availability) known.availability = availability;
    this.#tell(`appliance:${id}`, { at, values, occurrences, availability });
    if (availability) this.#tell("availability");
  }

  on_command({ command }) {
    this.#note(command);
  }

  on_appliance({ appliance }) {
    this.#put(appliance);
    this.#tell("appliances");
  }

  on_appliance_removed({ appliance: id }) {
    this.appliances.delete(id);
    this.#tell(`appliance:${id}`);
    this.#tell("appliances");
  }

  on_connection({ connection }) {
    this.connections.set(connection.name, connection);
    this.#tell("connections");
  }

  on_connection_removed({ connection: name }) {
    this.connections.delete(name);
    this.#tell("connections");
  }

  #put(appliance) {
    appliance.byKey = new Map(appliance.features.map((feature) => [feature.key, feature]));
    this.appliances.set(appliance.id, appliance);
    this.#tell(`appliance:${appliance.id}`, {});
  }
}

export const store = new Store();
