// The one place that knows where Lit lies, and how our elements use it: without shadow roots, so that one style
// sheet, one set of ids and every assistive technology see the whole page.
import { LitElement } from "./vendor/lit/lit-element.js";

export { html, svg, nothing } from "./vendor/lit/lit-html.js";
export { repeat } from "./vendor/lit/directives/repeat.js";
export { live } from "./vendor/lit/directives/live.js";

export class Element extends LitElement {
  #endings = [];
  #followed = null;

  createRenderRoot() {
    return this;
  }

  /** Subscribe to what this element shows; return what ends each subscription. */
  follow() {
    return [];
  }

  connectedCallback() {
    super.connectedCallback();
    this.#follow();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#unfollow();
  }

  willUpdate() {
    if (this.isConnected && this.#followed !== this.applianceId) this.#follow();
  }

  #follow() {
    this.#unfollow();
    this.#followed = this.applianceId;
    this.#endings = this.follow();
  }

  #unfollow() {
    for (const end of this.#endings.splice(0)) end();
  }
}
