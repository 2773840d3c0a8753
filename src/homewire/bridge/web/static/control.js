// A feature as a control. What is shown is always the appliance's own state; a wish shows as pending beside it until
// the appliance confirmed it, and a refusal shows why and what to do.

import { humanize, parts, sentence, text } from "./format.js";
import { Element, html, live, nothing } from "./lit.js";
import { store } from "./store.js";

const STAGES = {
  queued: "Waiting for its turn…",
  sent: "Sent, waiting for the appliance…",
  accepted: "Accepted, waiting until it is done…",
  confirmed: "Confirmed",
};
const PENDING = new Set(["queued", "sent", "accepted"]);

/** Give a command; ask first when it is dangerous and its owner has not enabled it. */
export function command(appliance, feature, value, verb) {
  const dangerous = feature.dangerous && !(feature.kind === "lock" && value === "lock");
  if (!dangerous || feature.permitted) {
    store.send(appliance.id, feature.key, value);
    return;
  }
  const detail = {
    id: appliance.id,
    key: feature.key,
    help: feature.help,
    verb,
    action: `${verb} ${appliance.identity.name}${feature.kind === "lock" ? "" : `: ${feature.name}`}`,
    agreed: () => store.send(appliance.id, feature.key, value, true),
  };
  dispatchEvent(new CustomEvent("hw-consent", { detail }));
}

class Toggle extends Element {
  static properties = { applianceId: {}, feature: {}, label: {}, disabled: { type: Boolean } };

  follow() {
    return [`appliance:${this.applianceId}`, `commands:${this.applianceId}`].map((topic) => store.on(topic, () => this.requestUpdate()));
  }

  render() {
    const appliance = store.appliances.get(this.applianceId);
    if (!appliance) return nothing;
    const on = appliance.state[this.feature.key];
    const given = store.command(this.applianceId, this.feature.key);
    const pending = given && PENDING.has(given.stage);
    const verb = on ? "Switch off" : "Switch on";
    return html`<button
      class="toggle ${pending ? "pending" : ""} ${on === null ? "unknown" : ""} ${given?.error ? "refused" : ""}"
      role="switch" aria-checked=${on === true} aria-label=${this.label} aria-busy=${Boolean(pending)}
      title=${given?.error ? `${given.error.message} ${given.error.hint ?? ""}` : nothing} ?disabled=${this.disabled}
      @click=${() => pending || command(appliance, this.feature, !on, verb)}><i></i></button>`;
  }
}

/** A row of the appliance page: name, value or control, and what became of the last wish. */
class Control extends Element {
  static properties = { applianceId: {}, feature: {}, draft: { state: true } };

  follow() {
    const about = (values) => this.feature.key in values || this.feature.installed_key in values;
    const mine = (news) => (news?.values && !about(news.values) && !news.availability ? null : this.requestUpdate());
    return [store.on(`appliance:${this.applianceId}`, mine), store.on(`commands:${this.applianceId}`, () => this.requestUpdate())];
  }

  get appliance() {
    return store.appliances.get(this.applianceId);
  }

  get value() {
    return this.appliance.state[this.feature.key];
  }

  get disabled() {
    return !this.appliance.availability.online;
  }

  get #pending() {
    return PENDING.has(store.command(this.applianceId, this.feature.key)?.stage);
  }

  render() {
    if (!this.appliance) return nothing;
    const { feature } = this;
    const given = store.command(this.applianceId, feature.key);
    const control = feature.writable && this.#controls[feature.kind]?.();
    return html`<div class="row kind-${feature.kind}">
      <div class="what"><span class="name" id=${this.#id("name")}>${feature.name}</span>
        ${feature.help ? html`<span class="help">${feature.help}</span>` : nothing}</div>
      <div class="how">${control && control !== nothing ? control : html`<span class="value">${this.#value()}</span>`}</div>
      <div class="outcome" role="status">${given ? this.#outcome(given) : nothing}</div>
    </div>`;
  }

  #id(part) {
    return `${this.feature.key}-${part}`;
  }

  #value() {
    if (this.feature.kind === "update" && this.value !== null && this.value === this.appliance.state[this.feature.installed_key]) return html`Up to date`;
    const [shown, unit] = parts(this.feature, this.value);
    return html`${shown}${unit ? html` <span class="unit">${unit}</span>` : nothing}`;
  }

  #outcome(given) {
    if (given.stage === "confirmed") return given.mine ? html`<span class="confirmed">${STAGES.confirmed}</span>` : nothing;
    if (given.error) {
      return html`<span class="refused"><b>${given.error.code === "unreachable" ? "Not sent" : given.stage === "timed_out" ? "Not confirmed" : "Refused"}.</b>
        ${sentence(given.error.message)} ${given.error.hint ?? ""}
        <button class="dismiss" aria-label="Dismiss" @click=${() => store.dismiss(this.applianceId, this.feature.key)}>×</button></span>`;
    }
    return html`<span class="pending"><i class="spinner" aria-hidden="true"></i>${this.#wish(given)}${STAGES[given.stage] ?? ""}</span>`;
  }

  #wish(given) {
    if (given.value === null || this.feature.pressable) return nothing;
    const word = ["cover", "lock"].includes(this.feature.kind) && typeof given.value === "string" ? humanize(given.value) : text(this.feature, given.value);
    return html`<b>${word}</b> · `;
  }

  #give(value, verb) {
    this.draft = undefined;
    command(this.appliance, this.feature, value, verb);
  }

  #controls = {
    switch: () => html`<span class="word">${this.#value()}</span><hw-toggle .applianceId=${this.applianceId} .feature=${this.feature} .label=${this.feature.name} .disabled=${this.disabled}></hw-toggle>`,
    number: () => this.#number(),
    select: () => this.#select(),
    button: () => html`<button class="button" ?disabled=${this.disabled || this.#pending} @click=${() => this.#give(null, this.feature.name)} aria-describedby=${this.#id("name")}>${this.feature.dangerous && !this.feature.permitted ? `${this.feature.name}…` : this.feature.name}</button>`,
    cover: () => this.#cover(),
    lock: () => this.#lock(),
    text: () => this.#entry("text", { maxlength: this.feature.max_length, pattern: this.feature.pattern }),
    time: () => this.#entry("time", {}),
    update: () => this.#update(),
  };

  #update() {
    const newest = this.value;
    if (newest === null || newest === this.appliance.state[this.feature.installed_key]) return nothing;
    return html`<span class="value">${newest}</span><button class="button" ?disabled=${this.disabled || this.#pending} @click=${() => this.#give(null, "Install")}>Install</button>`;
  }

  #number() {
    const { minimum, maximum, step, unit } = this.feature;
    const shown = this.draft ?? this.value ?? "";
    const by = (direction) => {
      const next = Number(shown === "" ? minimum : shown) + direction * step;
      this.draft = Number(Math.min(maximum, Math.max(minimum, next)).toFixed(6));
    };
    return html`<form class="number" @submit=${this.#submit} @keydown=${this.#escape}>
      <button type="button" class="step" aria-label="Less ${this.feature.name}" ?disabled=${this.disabled || shown <= minimum} @click=${() => by(-1)}>−</button>
      <input type="number" inputmode="decimal" min=${minimum} max=${maximum} step=${step} .value=${live(String(shown))} ?disabled=${this.disabled}
        aria-labelledby=${this.#id("name")} @input=${(e) => (this.draft = e.target.value === "" ? undefined : e.target.valueAsNumber)} />
      ${unit ? html`<span class="unit">${unit}</span>` : nothing}
      <button type="button" class="step" aria-label="More ${this.feature.name}" ?disabled=${this.disabled || shown >= maximum} @click=${() => by(1)}>+</button>
      ${this.#set()}</form>`;
  }

  #entry(type, limits) {
    const shown = this.draft ?? (type === "time" ? (this.value ?? "").slice(0, 5) : (this.value ?? ""));
    return html`<form class="entry" @submit=${this.#submit} @keydown=${this.#escape}>
      <input type=${type} .value=${live(shown)} maxlength=${limits.maxlength ?? nothing} pattern=${limits.pattern ?? nothing}
        ?disabled=${this.disabled} aria-labelledby=${this.#id("name")} @input=${(e) => (this.draft = e.target.value)} />
      ${this.#set()}</form>`;
  }

  #set() {
    const changed = this.draft !== undefined && this.draft !== this.value;
    return changed ? html`<button class="button small primary" ?disabled=${this.disabled}>Set</button>` : nothing;
  }

  #submit = (event) => {
    event.preventDefault();
    if (this.draft !== undefined) this.#give(this.draft, "Set");
  };

  #escape = (event) => {
    if (event.key === "Escape") this.draft = undefined;
  };

  #select() {
    const { options } = this.feature;
    const known = this.value === null || options.includes(this.value);
    return html`<select aria-labelledby=${this.#id("name")} .value=${live(this.value ?? "")} ?disabled=${this.disabled} @change=${(e) => {
      const wished = e.target.value;
      e.target.value = this.value ?? ""; // the appliance decides
      this.#give(wished, "Choose");
    }}>
      ${this.value === null ? html`<option value="" disabled selected>Unknown</option>` : nothing}
      ${known ? nothing : html`<option value=${this.value} disabled selected>${this.value}</option>`}
      ${options.map((option) => html`<option value=${option} ?selected=${option === this.value}>${humanize(option)}</option>`)}
    </select>`;
  }

  #cover() {
    const at = this.value;
    const say = (word, name, off) => html`<button class="button small" ?disabled=${this.disabled || off} @click=${() => this.#give(word, name)}>${name}</button>`;
    return html`<div class="cover-control">
      <span class="value">${this.#value()}</span>
      <div class="segments" role="group" aria-labelledby=${this.#id("name")}>${say("open", "Open", at === 100)}${say("stop", "Stop")}${say("close", "Close", at === 0)}</div>
      ${this.feature.positionable
        ? html`<input type="range" min="0" max="100" step="1" .value=${live(String(this.draft ?? at ?? 0))} ?disabled=${this.disabled} aria-label="Position in percent"
            @input=${(e) => (this.draft = e.target.valueAsNumber)} @change=${(e) => this.#give(e.target.valueAsNumber, "Move")} />`
        : nothing}
    </div>`;
  }

  #lock() {
    const locked = this.value;
    return html`<span class="value">${this.#value()}</span><div class="segments" role="group" aria-labelledby=${this.#id("name")}>
      <button class="button small" ?disabled=${this.disabled || locked === true} @click=${() => this.#give("lock", "Lock")}>Lock</button>
      <button class="button small" ?disabled=${this.disabled || locked === false} @click=${() => this.#give("unlock", "Unlock")}>Unlock${this.feature.permitted ? "" : "…"}</button></div>`;
  }
}

customElements.define("hw-toggle", Toggle);
customElements.define("hw-control", Control);
