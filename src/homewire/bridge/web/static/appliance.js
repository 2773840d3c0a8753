// One appliance: controls and readings, charts, events, diagnostics.

import { api } from "./api.js";
import "./control.js";
import "./diagnostics.js";
import "./events.js";
import { lasting } from "./format.js";
import "./history.js";
import { Element, html, nothing, repeat } from "./lit.js";
import { store } from "./store.js";

const FEW_SETTINGS = 10; // more go below, across the whole page

class AppliancePage extends Element {
  static properties = { applianceId: {}, busy: { state: true }, failed: { state: true } };

  follow() {
    const about = (news) => (news?.values && !news.availability ? null : this.requestUpdate());
    return [store.on(`appliance:${this.applianceId}`, about), ...["appliances", "minute"].map((topic) => store.on(topic, () => this.requestUpdate()))];
  }

  render() {
    const one = store.appliances.get(this.applianceId);
    if (!one) return this.#unknown();
    const many = one.features.filter((f) => f.category === "configuration").length > FEW_SETTINGS;
    const settings = this.#features(one, "Settings", (f) => f.category === "configuration", many ? "details" : "");
    const details = html`${this.#features(one, "Details", (f) => f.category === "diagnostic", "details")}
      <hw-diagnostics .applianceId=${one.id}></hw-diagnostics>`;
    document.title = `${one.identity.name} · homewire`;
    return html`<div class="page appliance ${one.availability.online ? "" : "off"}">
      ${this.#header(one)}
      ${one.problems.map((problem) => html`<article class="trouble"><div><h2>${problem.message}</h2><p class="muted">${problem.remedy}</p></div></article>`)}
      <div class="columns">
        <div class="side">
          ${this.#features(one, one.availability.online ? "Now" : "Last known", (f) => f.category === "primary")}
          ${many ? nothing : settings}
        </div>
        <div class="wide">
          <hw-history .applianceId=${one.id}></hw-history>
          <hw-events .applianceId=${one.id}></hw-events>
          ${many ? nothing : details}
        </div>
      </div>
      ${many ? html`<div class="below">${settings}${details}</div>` : nothing}
    </div>`;
  }

  #header(one) {
    const { name, vendor, model, serial } = one.identity;
    const { online, reason, since } = one.availability;
    return html`<div class="heading appliance-heading">
      <nav aria-label="Breadcrumb"><a class="back" href="#/">All appliances</a></nav>
      <h1>${name}</h1>
      <p class="muted">${vendor} ${model}${serial ? html` · <span class="serial">${serial}</span>` : nothing}</p>
      <div class="state"><span class="badge ${online ? "ok" : "bad"}" role="status"><i class="dot"></i>${online ? "Online" : "Offline"}</span>
        <span class="muted">${lasting(since)}${online ? nothing : ` · ${reason}`}</span>
        <button class="button small" ?disabled=${this.busy} @click=${() => this.#refresh(one.id)}>${this.busy ? "Reading…" : "Read again"}</button>
        <span class="error" role="alert">${this.failed ?? ""}</span></div>
    </div>`;
  }

  async #refresh(id) {
    this.busy = true;
    this.failed = null;
    try {
      await api.refresh(id);
    } catch (problem) {
      this.failed = problem.message;
    }
    this.busy = false;
  }

  #features(one, title, test, style = "") {
    const shown = one.features.filter((f) => test(f) && f.kind !== "event");
    if (!shown.length) return nothing;
    const actions = shown.filter((f) => f.kind === "button" && !f.help);
    const controls = (features) => repeat(features, (f) => `${one.id} ${f.key}`, (f) => html`<hw-control .applianceId=${one.id} .feature=${f}></hw-control>`);
    return html`<section class="panel ${style}" aria-label=${title}><h2>${title}</h2>
      ${controls(shown.filter((f) => !actions.includes(f)))}
      ${actions.length ? html`<div class="actions">${controls(actions)}</div>` : nothing}</section>`;
  }

  #unknown() {
    return html`<div class="page"><div class="empty"><h1>This appliance is not here</h1>
      <p><code>${this.applianceId}</code> is not known to the bridge. It may have been removed, or its connection is still starting.</p>
      <a class="button primary" href="#/">All appliances</a></div></div>`;
  }
}

customElements.define("hw-appliance", AppliancePage);
