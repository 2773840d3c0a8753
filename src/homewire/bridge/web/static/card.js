// One appliance at a glance: name, availability, its most telling reading large, the next ones small.
// A card renders again only when its own appliance has news.

import "./control.js";
import { booleanWord, headline, lasting, parts, readings, text } from "./format.js";
import { Element, html, nothing } from "./lit.js";
import { store } from "./store.js";

const SMALL_READINGS = 3;

class Card extends Element {
  static properties = { applianceId: {} };

  follow() {
    const aged = () => store.appliances.get(this.applianceId)?.availability.online || this.requestUpdate();
    return [store.on(`appliance:${this.applianceId}`, () => this.requestUpdate()), store.on("minute", aged)];
  }

  render() {
    const one = store.appliances.get(this.applianceId);
    if (!one) return nothing;
    const shown = readings(one);
    const toggle = shown.find((f) => f.kind === "switch" && f.writable && !f.dangerous);
    const main = headline(shown, one.state);
    const rest = shown.filter((f) => f !== main && f !== toggle && one.state[f.key] != null).slice(0, SMALL_READINGS);
    const { online, reason, since } = one.availability;
    return html`<article class="card ${online ? "" : "off"}">
      <header>
        <h3><a href="#/appliance/${encodeURIComponent(one.id)}">${one.identity.name}</a></h3>
        ${toggle && online ? html`<hw-toggle .applianceId=${one.id} .feature=${toggle} .label=${`${one.identity.name}: ${toggle.name}`}></hw-toggle>` : nothing}
      </header>
      <p class="model">${one.identity.vendor} ${one.identity.model}</p>
      ${main ? this.#main(main, one.state[main.key]) : html`<div class="main-reading"><p><span class="big">${online ? "Online" : "Offline"}</span></p></div>`}
      <dl>${rest.map((f) => html`<div><dt>${f.name}</dt><dd class=${this.#tone(f, one.state[f.key])}>${text(f, one.state[f.key])}</dd></div>`)}</dl>
      ${one.problems.length ? html`<p class="note"><i class="dot warn"></i>${one.problems[0].message}</p>` : nothing}
      ${online ? nothing : html`<p class="note"><i class="dot bad"></i><span>Offline ${lasting(since)}<span class="muted"> · ${reason}</span></span></p>`}
    </article>`;
  }

  #main(feature, value) {
    const [shown, unit] = parts(feature, value);
    const bar = feature.kind === "cover" && typeof value === "number";
    return html`<div class="main-reading">
      <p><span class="big ${shown.length > 12 ? "long" : ""}">${shown}</span>${unit ? html` <span class="unit">${unit}</span>` : nothing}</p>
      ${bar ? html`<div class="position" aria-hidden="true"><i .style=${`width: ${value}%`}></i></div>` : nothing}
      <p class="of">${feature.name}</p>
    </div>`;
  }

  #tone(feature, value) {
    if (feature.kind !== "binary_sensor" || value !== true) return "";
    return ["problem", "moisture", "safety"].includes(feature.device_class) && booleanWord(feature, value) ? "alarm" : "";
  }
}

customElements.define("hw-card", Card);
