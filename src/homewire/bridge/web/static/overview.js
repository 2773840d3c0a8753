// All appliances at a glance, grouped by connection, with what needs attention on top. Connections that lead to one
// appliance only share a group for each vendor.

import { api } from "./api.js";
import { formatMoment, sentence } from "./format.js";
import { Element, html, nothing, repeat } from "./lit.js";
import { store } from "./store.js";
import "./card.js";

const FILTERS = [
  ["all", "All", () => true],
  ["online", "Online", (one) => one.availability.online],
  ["offline", "Offline", (one) => !one.availability.online],
  ["attention", "Attention", (one) => one.problems.length > 0],
];
const remembered = { filter: "all", search: "" };

class Overview extends Element {
  static properties = { filter: { state: true }, search: { state: true } };

  constructor() {
    super();
    Object.assign(this, remembered);
  }

  follow() {
    return ["appliances", "connections", "availability", "minute"].map((topic) => store.on(topic, () => this.requestUpdate()));
  }

  updated() {
    if (!store.appliances.size || this.marked) return;
    this.marked = true; // how long it took until everything was painted, for the benchmark and for the curious
    requestAnimationFrame(() => setTimeout(() => performance.mark("homewire-shown")));
  }

  render() {
    const all = [...store.appliances.values()];
    if (!all.length && !store.connections.size) return this.#welcome();
    const shown = this.#matching(all);
    return html`<div class="page">
      <div class="heading">
        <h1>${this.#summary(all)}</h1>
        ${all.length ? this.#filters(all) : nothing}
      </div>
      ${this.#troubles()}
      ${all.length && !shown.length ? this.#nothingFound() : this.#groups(shown)}
      ${all.length ? nothing : html`<div class="empty"><h2>No appliance yet</h2><p>They appear here as soon as a connection is up.</p></div>`}
    </div>`;
  }

  #summary(all) {
    const online = all.filter((one) => one.availability.online).length;
    if (!all.length) return "Your appliances";
    const count = `${all.length} ${all.length === 1 ? "appliance" : "appliances"}`;
    if (online === all.length) return html`${count} <span class="muted">${all.length === 1 ? "online" : "all online"}</span>`;
    return html`${count} <span class="muted">${online} online</span>`;
  }

  #filters(all) {
    return html`<div class="tools">
      <label class="search"><span class="visually-hidden">Search appliances</span>
        <svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="7" cy="7" r="4.500" /><path d="m10.500 10.500 4 4" /></svg>
        <input type="search" placeholder="Search" .value=${this.search} @input=${(e) => this.#set({ search: e.target.value })} /></label>
      <div class="chips" role="group" aria-label="Show">
        ${FILTERS.map(([key, name, test]) => {
          const count = all.filter(test).length;
          if (key !== "all" && key !== this.filter && !count) return nothing;
          return html`<button class="chip" aria-pressed=${this.filter === key} @click=${() => this.#set({ filter: key })}>${name} <b>${count}</b></button>`;
        })}
      </div>
    </div>`;
  }

  #set(change) {
    Object.assign(remembered, change);
    Object.assign(this, change);
  }

  #matching(all) {
    const [, , test] = FILTERS.find(([key]) => key === this.filter);
    const words = this.search.toLowerCase().split(/\s+/).filter(Boolean);
    return all.filter((one) => {
      const { name, vendor, model, serial } = one.identity;
      const subject = `${name} ${vendor} ${model} ${serial} ${one.connection} ${one.id}`.toLowerCase();
      return test(one) && words.every((word) => subject.includes(word));
    });
  }

  #groups(shown) {
    const groups = new Map();
    const sizes = new Map();
    for (const { connection } of store.appliances.values()) sizes.set(connection, (sizes.get(connection) ?? 0) + 1);
    for (const one of shown) {
      const name = sizes.get(one.connection) > 1 && one.connection ? one.connection : one.identity.vendor;
      groups.set(name, [...(groups.get(name) ?? []), one]);
    }
    return repeat(groups, ([name]) => name, ([name, members]) => html`
      <section class="group" aria-label=${name || "Appliances"}>
        <h2>${name}<span class="muted">${members.length}</span></h2>
        <div class="grid">${repeat(members, (one) => one.id, (one) => html`<hw-card .applianceId=${one.id}></hw-card>`)}</div>
      </section>`);
  }

  #troubles() {
    const broken = [...store.connections.values()].filter((c) => ["waiting", "parked", "misconfigured"].includes(c.state));
    if (!broken.length) return nothing;
    return html`<div class="troubles" role="region" aria-label="Connections in trouble">${broken.map((c) => html`
      <article class="trouble ${c.state}">
        <div>
          <h3>${c.name} <span class="muted">${{ waiting: "trying again", parked: "waits for you", misconfigured: "cannot start" }[c.state]}</span></h3>
          <p>${sentence(c.error?.message ?? c.reason)}${c.error?.hint ? html` <span class="muted">${c.error.hint}</span>` : nothing}</p>
          ${c.since ? html`<p class="muted small">Since ${formatMoment(c.since)}${c.next_attempt ? `, next attempt ${formatMoment(c.next_attempt)}` : ""}</p>` : nothing}
        </div>
        ${c.state === "misconfigured" ? nothing : html`<button class="button small" @click=${() => api.retry(c.name).catch(() => {})}>Try now</button>`}
      </article>`)}</div>`;
  }

  #nothingFound() {
    return html`<div class="empty"><h2>Nothing matches</h2><p>No appliance fits this search and filter.</p>
      <button class="button" @click=${() => this.#set({ filter: "all", search: "" })}>Show all</button></div>`;
  }

  #welcome() {
    return html`<div class="page"><div class="empty">
      <h1>Nothing is connected yet</h1>
      <p>Add a connection to homewire.toml, or let the command line do it. The bridge picks it up without a restart.</p>
      <pre tabindex="0">homewire discover
homewire add</pre>
      <p class="muted">To look around first, start a simulated home with <code>homewire demo</code>.</p>
    </div></div>`;
  }
}

customElements.define("hw-overview", Overview);
