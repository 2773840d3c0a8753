// Requests to the bridge. Everything that goes wrong comes out as a Problem with the bridge's own words.

const TOKEN_KEY = "homewire-token";

export class Problem extends Error {
  constructor({ code = "error", message = "", detail = "", hint = "", status = 0 } = {}) {
    super(message || detail || "The bridge did not answer as expected.");
    this.code = code;
    this.hint = hint || "";
    this.status = status;
  }
}

/** The token lives in this browser tab, or, when asked to be remembered, in this browser. */
export const token = {
  get: () => sessionStorage.getItem(TOKEN_KEY) ?? localStorage.getItem(TOKEN_KEY) ?? "",
  set(value, remembered) {
    this.forget();
    (remembered ? localStorage : sessionStorage).setItem(TOKEN_KEY, value);
  },
  forget() {
    sessionStorage.removeItem(TOKEN_KEY);
    localStorage.removeItem(TOKEN_KEY);
  },
};

export async function request(path, { method = "GET", body, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ code: "unreachable", message: "The bridge cannot be reached.", hint: "Is it running?" });
  }
  if (answer.ok) return answer.status === 204 ? null : answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Problem({ ...problem, status: answer.status });
}

export async function getJson(path, options) {
  return (await request(path, options)).json();
}

const at = (id) => `/api/v1/appliances/${encodeURIComponent(id)}`;

export const api = {
  overview: (options) => getJson("/api/v1", options),
  command: (id, key, value, dangerous) =>
    request(`${at(id)}/commands`, { method: "POST", body: { key, value: value ?? null, dangerous } }).then((a) => a.json()),
  commandEnd: (commandId) => getJson(`/api/v1/commands/${commandId}?wait=30`),
  commands: (id) => getJson(`${at(id)}/commands`).then((body) => body.commands),
  refresh: (id) => request(`${at(id)}/refresh`, { method: "POST" }),
  diagnostics: (id) => getJson(`${at(id)}/diagnostics`),
  retry: (name) => request(`/api/v1/connections/${encodeURIComponent(name)}/retry`, { method: "POST" }),
  series: (id) => getJson(`/api/v1/history/series?${new URLSearchParams({ appliance: id })}`).then((body) => body.series),
  points: (query, signal) => getJson(`/api/v1/history/points?${new URLSearchParams(query)}`, { signal }),
  events: (query) => getJson(`/api/v1/history/events?${new URLSearchParams(query)}`).then((body) => body.events),
  /** Save what the bridge sends as a file; a link could not carry the token. */
  async download(path, name) {
    const blob = await (await request(path)).blob();
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
    link.click();
    URL.revokeObjectURL(link.href);
  },
};
