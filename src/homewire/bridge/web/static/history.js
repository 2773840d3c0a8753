// What an appliance did: numbers of one unit share a chart, states are bands below it. Live values continue the lines.

import { api } from "./api.js";
import "./chart.js";
import { booleanWord, formatDuration, humanize } from "./format.js";
import { Element, html, nothing } from "./lit.js";
import { store } from "./store.js";

const RANGES = [["1 h", 3600], ["24 h", 86_400], ["7 d", 7 * 86_400], ["30 d", 30 * 86_400], ["1 y", 365 * 86_400]];
const MOST_CHARTS = 4;
const SHORTEST_S = 300;
const MOST_NEWS = 2000; // live values kept before the bridge is asked anew, so that an open tab does not grow
const PACE_MS = 1000;
const AVAILABLE = "$available";
let chosen = 86_400;

class History extends Element {
  static properties = { applianceId: {}, span: { state: true }, data: { state: true }, problem: { state: true }, all: { state: true } };

  constructor() {
    super();
    this.span = chosen;
  }

  follow() {
    this.data = null;
    this.#load();
    return [
      store.on(`appliance:${this.applianceId}`, (news) => this.#append(news)),
      store.on("snapshot", () => this.#load()), // something was missed
      store.on("minute", () => this.#show()),
      () => this.abort?.abort(),
      () => (this.due = clearTimeout(this.due)),
    ];
  }

  async #load() {
    this.abort?.abort();
    this.abort = new AbortController();
    this.news = 0;
    const { signal } = this.abort;
    const to = Date.now() / 1000;
    const range = { from: new Date((to - this.span) * 1000).toISOString(), to: new Date(to * 1000).toISOString() };
    this.problem = null;
    try {
      const known = (await api.series(this.applianceId)).filter((one) => one.kind !== "event");
      const wanted = this.all ? known : known.filter((one) => one.key === AVAILABLE || this.#feature(one.key)?.category === "primary");
      const answers = await Promise.all(wanted.map((one) => api.points({ appliance: this.applianceId, key: one.key, ...range }, signal)));
      if (signal.aborted) return;
      const series = this.#ordered(answers.map((one) => this.#line(one)));
      // A history that began an hour ago fills the chart, too.
      const earliest = Math.min(...series.filter((line) => line.at.length).map((line) => line.at[0]), to - SHORTEST_S);
      this.data = { from: Math.max(to - this.span, earliest), to, series, more: wanted.length < known.length };
    } catch (problem) {
      if (!signal.aborted) this.problem = problem;
    }
  }

  #feature(key) {
    return store.appliances.get(this.applianceId)?.byKey.get(key);
  }

  /** As the appliance declares its features; what can be set comes after what is measured. */
  #ordered(lines) {
    const order = [...(store.appliances.get(this.applianceId)?.byKey.keys() ?? [])];
    const rank = (line) => order.indexOf(line.key) + (line.feature?.kind === "number" ? order.length : 0);
    return lines.sort((a, b) => rank(a) - rank(b));
  }

  #line({ series, resolution_s, columns }) {
    const feature = this.#feature(series.key);
    const raw = resolution_s === 0;
    const values = raw ? columns.value : columns.mean;
    this.#addPresent(series.key, columns, values, (raw ? values : columns.last).at(-1));
    return { key: series.key, name: series.name || series.key, unit: series.unit ?? "", feature, raw, at: [...columns.at], values: [...values], low: columns.minimum, high: columns.maximum };
  }

  /** The bridge writes once a second: what came since its last write is what the appliance says now. */
  #addPresent(key, columns, values, last) {
    const one = store.appliances.get(this.applianceId);
    const present = key === AVAILABLE ? one?.availability.online : one?.availability.online ? one.state[key] : null;
    if (present === undefined || present === last || (last ?? null) === present) return;
    columns.at.push(Math.max(columns.at.at(-1) ?? 0, Date.parse(one.updated_at ?? one.availability.since) / 1000));
    for (const column of new Set([values, columns.minimum, columns.maximum])) column?.push(present);
  }

  #append(news) {
    if (!news?.values || !this.data) return;
    const at = Date.parse(news.at) / 1000;
    const values = { ...this.#reach(news.availability), ...news.values };
    for (const line of this.data.series) {
      if (!(line.key in values)) continue;
      line.at.push(at);
      for (const column of new Set([line.values, line.low, line.high])) column?.push(values[line.key]);
      this.news += 1;
    }
    this.due ??= setTimeout(() => this.#show(at), PACE_MS);
  }

  /** What is out of reach is unknown, as the bridge records it. */
  #reach(availability) {
    if (!availability) return {};
    const state = store.appliances.get(this.applianceId)?.state ?? {};
    const values = Object.entries(state).map(([key, value]) => [key, availability.online ? value : null]);
    return { ...Object.fromEntries(values), [AVAILABLE]: availability.online };
  }

  /** Let the charts go on to now, or to the newest value where the bridge's clock is ahead. */
  #show(at = 0) {
    this.due = clearTimeout(this.due);
    if (!this.data) return;
    if (this.news > MOST_NEWS) {
      this.#load();
      return;
    }
    const to = Math.max(at, this.data.to, Date.now() / 1000);
    this.data = { ...this.data, from: Math.max(to - this.span, this.data.from), to };
  }

  render() {
    return html`<section class="panel history" aria-label="History">
      <div class="panel-head"><h2>History</h2>
        <div class="segments" role="group" aria-label="Range">${RANGES.map(([name, span]) => html`
          <button class="button small" aria-pressed=${span === this.span} @click=${() => this.#choose(span)}>${name}</button>`)}</div></div>
      ${this.problem ? this.#trouble() : this.data ? this.#content() : html`<div class="chart-ghost" aria-busy="true"></div>`}
    </section>`;
  }

  #choose(span) {
    this.span = chosen = span;
    this.#load();
  }

  #toggle() {
    this.all = !this.all;
    this.#load();
  }

  #trouble() {
    if (this.problem.status === 404) return html`<p class="quiet">The history is switched off (<code>[history] enabled</code> in homewire.toml).</p>`;
    return html`<p class="quiet">${this.problem.message} <button class="button small" @click=${() => this.#load()}>Try again</button></p>`;
  }

  #content() {
    const shown = this.data.series.filter((line) => line.values.some((value) => value !== null) && (this.all || line.feature?.category === "primary") && line.key !== AVAILABLE);
    const numeric = shown.filter((line) => line.values.some((value) => typeof value === "number") && !this.#isState(line));
    const states = [...shown.filter((line) => !numeric.includes(line) && line.feature?.device_class !== "timestamp" && !["text", "time", "update"].includes(line.feature?.kind)), ...this.#offline()];
    const charts = this.#charts(numeric);
    const telling = charts.filter((lines) => lines.some(varies));
    const few = this.all ? charts : telling.slice(0, MOST_CHARTS);
    const lanes = this.all ? states : states.filter(varies);
    const more = this.data.more || charts.length > few.length || states.length > lanes.length;
    return html`
      ${few.map((lines) => html`<hw-chart .lines=${lines} .from=${this.data.from} .to=${this.data.to}></hw-chart>`)}
      ${few.length || lanes.length ? nothing : html`<p class="quiet">${shown.length ? "Nothing has changed in this range." : "Nothing is recorded for this range yet. Changes appear here as they happen."}</p>`}
      ${lanes.length ? html`<div class="lanes">${lanes.map((line) => this.#lane(line))}</div>` : nothing}
      <div class="panel-foot">
        ${more || this.all ? html`<button class="button small" aria-pressed=${Boolean(this.all)} @click=${() => this.#toggle()}>${this.all ? "Show less" : "Show everything"}</button>` : nothing}
        <button class="button small" @click=${() => this.#export("csv")}>Save as CSV</button>
        <button class="button small" @click=${() => this.#export("json")}>Save as JSON</button>
      </div>`;
  }

  #isState(line) {
    return ["switch", "binary_sensor", "lock"].includes(line.feature?.kind);
  }

  /** Availability is worth a band only where it was not all fine. */
  #offline() {
    const line = this.data.series.find((one) => one.key === AVAILABLE);
    if (!line) return [];
    const { from, to } = this.data;
    const away = line.at.reduce((sum, at, i) => sum + (line.values[i] === false || line.values[i] < 1 ? Math.max(0, Math.min(line.at[i + 1] ?? to, to) - Math.max(at, from)) : 0), 0);
    return away > (to - from) / 200 ? [{ ...line, name: "Reachable" }] : [];
  }

  #charts(lines) {
    const charts = new Map();
    for (const line of lines) {
      const total = line.feature?.state_class === "total_increasing";
      const place = `${line.unit} ${line.feature?.device_class ?? ""} ${total ? line.key : ""}`;
      charts.set(place, [...(charts.get(place) ?? []), line]);
    }
    return [...charts.values()];
  }

  #lane(line) {
    const { from, to } = this.data;
    const bands = [];
    line.at.forEach((at, i) => {
      const begin = Math.max(at, from);
      const end = Math.min(line.at[i + 1] ?? to, to);
      const value = line.values[i];
      if (end > begin && value !== null && value !== false && value !== 0) bands.push({ begin, end, value });
    });
    const total = bands.reduce((sum, band) => sum + (band.end - band.begin) * share(band.value), 0);
    const words = [...new Set(bands.map((band) => word(band.value)))];
    const summary = typeof line.values.find((v) => v !== null) === "string" ? words.join(", ") : formatDuration(total);
    return html`<div class="lane"><p><span>${line.name}</span> <b>${this.#sum(line, bands, total)}</b></p>
      <div class="track" role="img" aria-label="${line.name}: ${summary || "never"}">${bands.map((band) => html`<i class=${`tone-${tone(band.value, words)}`}
        title="${word(band.value)}, ${formatDuration(band.end - band.begin)}"
        .style=${place(band, from, to)}></i>`)}</div></div>`;
  }

  #sum(line, bands, total) {
    if (typeof bands[0]?.value === "string") return word(bands.at(-1).value);
    const feature = line.feature ?? { device_class: "connectivity" };
    if (!bands.length) return `${booleanWord(feature, false)} throughout`;
    return total > 0.99 * (this.data.to - this.data.from) ? `${booleanWord(feature, true)} throughout` : `${booleanWord(feature, true)} for ${formatDuration(total)}`;
  }

  #export(format) {
    const { from, to } = this.data;
    const query = new URLSearchParams({ appliance: this.applianceId, format, from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() });
    const name = `${this.applianceId.replaceAll(/[^\w-]+/g, "-")}.${format}`;
    api.download(`/api/v1/history/export?${query}`, name).catch((problem) => (this.problem = problem));
  }
}

const share = (value) => (typeof value === "number" ? Math.min(1, value) : 1);
const varies = (line) => new Set([...line.values, ...(line.low ?? []), ...(line.high ?? [])].filter((value) => value !== null)).size > 1;
/** Set through the style object, which the content security policy allows, unlike a style attribute. */
const place = ({ begin, end, value }, from, to) =>
  `left: ${((begin - from) / (to - from)) * 100}%; width: ${((end - begin) / (to - from)) * 100}%; opacity: ${0.25 + 0.75 * share(value)}`;
const word = (value) => (typeof value === "string" ? humanize(value) : value === true || value === 1 ? "On" : "Partly on");
const tone = (value, words) => (typeof value === "string" ? words.indexOf(word(value)) % 5 : 0);

customElements.define("hw-history", History);
