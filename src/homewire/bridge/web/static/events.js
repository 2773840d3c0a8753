// What happened: shots, finished programmes, whatever an appliance reports as an event. New ones come in on top.

import { api } from "./api.js";
import { formatClock, formatDay, formatDuration, formatMoment, formatNumber, humanize } from "./format.js";
import { Element, html, nothing, repeat } from "./lit.js";
import { store } from "./store.js";

const PAGE = 20;
const MOST = 500; // a tab that stays open for weeks does not grow

class Events extends Element {
  static properties = { applianceId: {}, events: { state: true }, more: { state: true }, problem: { state: true } };

  follow() {
    this.events = undefined;
    this.#load();
    return [store.on(`appliance:${this.applianceId}`, (news) => this.#append(news))];
  }

  get #features() {
    return (store.appliances.get(this.applianceId)?.features ?? []).filter((f) => f.kind === "event");
  }

  async #load() {
    if (!this.#features.length) return;
    const oldest = this.events?.at(-1);
    const query = { appliance: this.applianceId, limit: PAGE, ...(oldest ? { to: oldest.at } : {}) };
    try {
      const found = await api.events(query);
      this.events = [...(this.events ?? []), ...found];
      this.more = found.length === PAGE;
    } catch (problem) {
      this.events ??= [];
      this.problem = problem.status === 404 ? null : problem;
    }
  }

  #append(news) {
    if (!news?.occurrences?.length) return;
    const all = [...news.occurrences.toReversed(), ...(this.events ?? [])];
    this.more ||= all.length > MOST;
    this.events = all.slice(0, MOST);
  }

  render() {
    if (!this.#features.length) return nothing;
    const days = new Map();
    for (const event of this.events ?? []) {
      const key = formatDay(event.at);
      days.set(key, [...(days.get(key) ?? []), event]);
    }
    return html`<section class="panel events" aria-label="Events"><h2>Events</h2>
      ${this.problem ? html`<p class="quiet">${this.problem.message}</p>` : nothing}
      ${this.events && !this.events.length ? html`<p class="quiet">Nothing has happened yet. What does is listed here, newest first.</p>` : nothing}
      ${repeat(days, ([day]) => day, ([day, events]) => html`<h3>${day}</h3><ol>${repeat(events, (e) => `${e.key} ${e.at} ${e.type}`, (event) => this.#event(event))}</ol>`)}
      ${this.more ? html`<div class="panel-foot"><button class="button small" @click=${() => this.#load()}>Earlier</button></div>` : nothing}
    </section>`;
  }

  #event(event) {
    const feature = store.appliances.get(this.applianceId)?.byKey.get(event.key);
    const name = feature?.name ?? humanize(event.key);
    const type = humanize(event.type).toLowerCase();
    return html`<li><time datetime=${event.at}>${formatClock(event.at)}</time>
      <span class="event-name">${name}${type === name.toLowerCase() ? nothing : html`<span class="muted"> ${type}</span>`}</span>
      <dl>${Object.entries(event.data).filter(([, value]) => value !== null).map(([key, value]) => html`<div><dt>${label(key)}</dt><dd>${shown(key, value)}</dd></div>`)}</dl></li>`;
  }
}

const UNITS = { _s: "s", _seconds: "s", _kwh: "kWh", _wh: "Wh", _l: "l", _liters: "l", _ml: "ml", _g: "g", _c: "°C", _min: "min", _minutes: "min" };

/** The unit stands in the name of a datum (`duration_s`), as everywhere in homewire. */
function suffix(key) {
  const name = `_${key.toLowerCase()}`;
  return Object.keys(UNITS).filter((unit) => name.endsWith(unit)).sort((a, b) => b.length - a.length)[0];
}

function label(key) {
  const unit = suffix(key);
  if (unit === `_${key.toLowerCase()}`) return UNITS[unit] === "s" ? "Duration" : humanize(key);
  return humanize(unit ? key.slice(0, -unit.length) : key);
}

function shown(key, value) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return /^\d{4}-\d\d-\d\dT/.test(value) ? formatMoment(value) : humanize(value);
  const unit = UNITS[suffix(key)];
  if (unit === "s" && value >= 90) return formatDuration(value);
  return unit ? `${formatNumber(value)} ${unit}` : formatNumber(value);
}

customElements.define("hw-events", Events);
