// Everything that helps with a bug report, asked for only when somebody opens it; and the latest commands.

import { api } from "./api.js";
import { formatClock, formatNumber, humanize } from "./format.js";
import { Element, html, nothing } from "./lit.js";

class Diagnostics extends Element {
  static properties = { applianceId: {}, report: { state: true }, commands: { state: true }, problem: { state: true }, copied: { state: true } };

  follow() {
    this.report = this.commands = null;
    return [];
  }

  render() {
    return html`<section class="panel diagnostics" aria-label="Diagnostics">
      <details @toggle=${this.#opened}><summary><h2>Diagnostics</h2></summary>
        ${this.problem ? html`<p class="quiet">${this.problem.message}</p>` : nothing}
        ${this.commands?.length ? this.#latest() : nothing}
        ${this.report ? html`<p class="muted">For a bug report; passwords and keys are taken out.</p>
          <pre tabindex="0" aria-label="Diagnostics as JSON">${this.report}</pre>
          <div class="panel-foot"><button class="button small" @click=${this.#copy}>${this.copied ? "Copied" : "Copy"}</button>
          <button class="button small" @click=${this.#save}>Save as file</button></div>` : nothing}
      </details></section>`;
  }

  #latest() {
    return html`<h3>Latest commands</h3><div class="scroll" tabindex="0" role="region" aria-label="Latest commands"><table>
      <thead><tr><th>Time</th><th>Feature</th><th>Value</th><th>Outcome</th><th>Took</th></tr></thead>
      <tbody>${this.commands.slice(0, 10).map((one) => html`<tr><td>${formatClock(one.times.queued)}</td><td>${one.key}</td><td>${one.value === null ? "press" : String(one.value)}</td>
        <td>${humanize(one.stage)}${one.error ? html`<span class="muted">: ${one.error.message}</span>` : nothing}</td><td>${formatNumber(one.latency_s, 2)} s</td></tr>`)}</tbody></table></div>`;
  }

  async #opened(event) {
    if (!event.target.open) return;
    this.problem = null;
    try {
      [this.report, this.commands] = await Promise.all([api.diagnostics(this.applianceId).then((report) => JSON.stringify(report, null, 2)), api.commands(this.applianceId)]);
    } catch (problem) {
      this.problem = problem;
    }
  }

  async #copy() {
    await navigator.clipboard?.writeText(this.report).catch(() => {});
    this.copied = true;
    setTimeout(() => (this.copied = false), 2000);
  }

  #save() {
    api.download(`/api/v1/appliances/${encodeURIComponent(this.applianceId)}/diagnostics`, "homewire-diagnostics.json").catch((problem) => (this.problem = problem));
  }
}

customElements.define("hw-diagnostics", Diagnostics);
