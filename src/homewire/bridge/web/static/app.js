// The page as a whole: header, the view that the address names, and the banner that says when the stream is down.
// Addresses: `#/` all appliances, `#/appliance/ID` one of them.

import { formatClock } from "./format.js";
import { Element, html, nothing } from "./lit.js";
import { store } from "./store.js";
import "./overview.js";

/** Somebody may have typed the address. */
function decoded(id) {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

class App extends Element {
  static properties = { view: { state: true }, id: { state: true } };

  constructor() {
    super();
    this.#route();
  }

  follow() {
    const moved = () => this.#route(true);
    addEventListener("hashchange", moved);
    return [() => removeEventListener("hashchange", moved), store.on("link", () => this.requestUpdate())];
  }

  firstUpdated() {
    store.start();
  }

  async #route(moved = false) {
    const [, view, id] = location.hash.split("/");
    if (view === "appliance") await import("./appliance.js");
    if (view !== "appliance") document.title = "homewire";
    this.view = view === "appliance" ? "appliance" : "overview";
    this.id = id ? decoded(id) : null;
    if (!moved) return;
    scrollTo(0, 0);
    await this.updateComplete;
    this.querySelector("main")?.focus({ preventScroll: true });
  }

  render() {
    return html`
      <a class="skip" href="#main" @click=${this.#skip}>Skip to content</a>
      <header class="top">
        <a class="brand" href="#/" aria-label="homewire, all appliances">
          <svg viewBox="0 0 44 24" aria-hidden="true"><path d="M2 18c11 0 9-12 20-12s9 12 20 12" /><circle cx="22" cy="6" r="4" /></svg>
          <span>homewire</span>
        </a>
        <hw-link></hw-link>
      </header>
      ${store.lostAt && store.loaded && store.link.state !== "refused" ? html`<p class="stale" role="status"><i class="dot bad"></i>
        <span><b>The bridge does not answer.</b> What is shown is from ${formatClock(store.lostAt)}; this page tries again by itself.</span></p>` : nothing}
      <main id="main" tabindex="-1">${this.#main()}</main>
      <footer class="foot">
        <span>homewire ${store.version}</span>
        <nav aria-label="For programs"><a href="/api/v1/openapi.json">API</a><a href="/metrics">Metrics</a><a href="/api/v1/health">Health</a></nav>
      </footer>
      <hw-consent></hw-consent>
    `;
  }

  #main() {
    if (store.link.state === "refused") return html`<hw-sign-in></hw-sign-in>`;
    if (!store.loaded) return store.link.state === "waiting" ? this.#unreachable() : this.#skeleton();
    if (this.view === "appliance") return html`<hw-appliance .applianceId=${this.id}></hw-appliance>`;
    return html`<hw-overview></hw-overview>`;
  }

  #skeleton() {
    const card = html`<div class="card ghost"><i></i><i></i><i></i></div>`;
    return html`<div class="page" aria-busy="true"><p class="visually-hidden" role="status">Loading the appliances</p>
      <div class="grid">${[1, 2, 3, 4, 5, 6].map(() => card)}</div></div>`;
  }

  #unreachable() {
    return html`<div class="page"><div class="empty" role="alert">
      <h1>The bridge does not answer</h1>
      <p>This page tries again by itself. If it stays like this, look whether <code>homewire run</code> is still running on that computer.</p>
      <button class="button primary" @click=${() => store.retry()}>Try now</button>
    </div></div>`;
  }

  #skip(event) {
    event.preventDefault();
    document.getElementById("main").focus();
  }
}

/** Whether what is shown is live. */
class Link extends Element {
  follow() {
    return [store.on("link", () => this.requestUpdate())];
  }

  render() {
    const { state } = store.link;
    const words = { live: "Live", connecting: store.loaded ? "Reconnecting" : "Connecting", waiting: "Disconnected", refused: "Signed out" };
    return html`<span class="link ${state}" role="status"><i></i>${words[state]}</span>
      ${state === "waiting" && store.loaded
        ? html`<button class="button small" @click=${() => store.retry()}>Reconnect now</button>`
        : nothing}`;
  }
}

class SignIn extends Element {
  static properties = { wrong: { state: true } };

  render() {
    return html`<form class="sign-in" @submit=${this.#submit}>
      <h1>This bridge asks for a token</h1>
      <p class="muted">It is the <code>token</code> or <code>read_token</code> in the <code>[http]</code> table of homewire.toml.</p>
      <label for="token">Token</label>
      <input id="token" type="password" autocomplete="current-password" required ?aria-invalid=${this.wrong} aria-describedby="token-error" />
      <p id="token-error" class="error" role="alert">${this.wrong ? "The bridge does not know this token." : ""}</p>
      <label class="check"><input id="remember" type="checkbox" /> Remember it in this browser</label>
      <button class="button primary">Sign in</button>
    </form>`;
  }

  async #submit(event) {
    event.preventDefault();
    const { api, token } = await import("./api.js");
    token.set(this.querySelector("#token").value.trim(), this.querySelector("#remember").checked);
    this.wrong = false;
    try {
      await api.overview();
      store.restart();
    } catch {
      token.forget();
      this.wrong = true;
    }
  }
}

/** Asks the owner before something dangerous; one dialog for the whole page. */
class Consent extends Element {
  static properties = { question: { state: true } };

  follow() {
    const ask = (event) => this.#ask(event.detail);
    addEventListener("hw-consent", ask);
    return [() => removeEventListener("hw-consent", ask)];
  }

  async #ask(question) {
    this.question = question;
    await this.updateComplete;
    this.querySelector("dialog").showModal();
  }

  render() {
    const q = this.question;
    if (!q) return nothing;
    return html`<dialog aria-labelledby="consent-title" @close=${this.#closed}>
      <form method="dialog">
        <h2 id="consent-title">${q.action}?</h2>
        <p>${q.help || "This can do harm when nobody is watching, so homewire asks first."}</p>
        <p class="muted">To allow it for good, put this line into its connection in homewire.toml:</p>
        <pre tabindex="0">allow = ["${q.id}/${q.key}"]</pre>
        <div class="buttons">
          <button class="button" value="no" autofocus>Cancel</button>
          <button class="button danger" value="yes">${q.verb} this once</button>
        </div>
      </form>
    </dialog>`;
  }

  #closed(event) {
    const { agreed } = this.question;
    if (event.target.returnValue === "yes") agreed();
    this.question = null;
  }
}

customElements.define("hw-link", Link);
customElements.define("hw-sign-in", SignIn);
customElements.define("hw-consent", Consent);
customElements.define("hw-app", App);
