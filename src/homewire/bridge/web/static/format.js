// Values as people read them, in the browser's own language for numbers and dates.

const WORDS = {
  door: ["Closed", "Open"], window: ["Closed", "Open"], garage_door: ["Closed", "Open"], opening: ["Closed", "Open"],
  problem: ["OK", "Problem"], running: ["Idle", "Running"], moisture: ["Dry", "Wet"], connectivity: ["Disconnected", "Connected"],
  lock: ["Locked", "Unlocked"], motion: ["Clear", "Motion"], plug: ["Unplugged", "Plugged in"], battery: ["Normal", "Low"],
  battery_charging: ["Not charging", "Charging"], heat: ["Normal", "Hot"], update: ["Up to date", "Update available"],
  occupancy: ["Clear", "Occupied"], safety: ["Safe", "Unsafe"], light: ["Dark", "Light"], power: ["Off", "On"],
};
const SPOKEN = /^[a-z]+(_[a-z0-9]+)*$/; // a word of a protocol, unlike a firmware, a serial number or a panel's text
const LOCALE = undefined; // the browser's
const DURATIONS_S = { s: 1, min: 60, h: 3600 };

export const UNKNOWN = "—";

const numbers = new Map();

export function formatNumber(value, digits) {
  const key = digits ?? "free";
  if (!numbers.has(key)) {
    const options = digits == null ? { maximumFractionDigits: 2 } : { minimumFractionDigits: digits, maximumFractionDigits: digits };
    numbers.set(key, new Intl.NumberFormat(LOCALE, options));
  }
  return numbers.get(key).format(value);
}

/** [text, unit] of a value, so that the unit can be set smaller. */
export function parts(feature, value) {
  if (value === null || value === undefined) return [UNKNOWN, ""];
  if (typeof value === "boolean") return [booleanWord(feature, value), ""];
  if (feature.kind === "cover") return [value === 0 ? "Closed" : value === 100 ? "Open" : `${formatNumber(value)}`, value === 0 || value === 100 ? "" : "% open"];
  if (typeof value === "number") return numberParts(feature, value);
  if (feature.device_class === "timestamp") return [formatMoment(value), ""];
  if (feature.kind === "time") return [value.slice(0, 5), ""];
  if (value === "") return [UNKNOWN, ""];
  return [isWord(feature, value) ? humanize(value) : value, feature.unit ?? ""];
}

const isWord = (feature, value) => feature.kind !== "text" && feature.kind !== "update" && (feature.options?.includes(value) || SPOKEN.test(value));

function numberParts(feature, value) {
  if (feature.device_class === "duration" && feature.unit in DURATIONS_S && value * DURATIONS_S[feature.unit] >= 90) {
    return [formatDuration(value * DURATIONS_S[feature.unit]), ""];
  }
  const step = feature.step ? (String(feature.step).split(".")[1]?.length ?? 0) : null;
  return [formatNumber(value, feature.precision ?? step), feature.unit ?? ""];
}

export function text(feature, value) {
  const [shown, unit] = parts(feature, value);
  return unit ? `${shown} ${unit}` : shown;
}

export function booleanWord(feature, value) {
  if (feature.kind === "lock") return value ? "Locked" : "Unlocked";
  return (WORDS[feature.device_class] ?? (feature.kind === "binary_sensor" ? ["No", "Yes"] : ["Off", "On"]))[Number(value)];
}

/** snake_case and CamelCase, as protocols have it, to words for people; a letter that stands alone stays as it is. */
export function humanize(word) {
  const spaced = String(word).replaceAll("_", " ").replaceAll(/([a-z])([A-Z])(?=([a-z]?))/g, (_, end, start, next) => `${end} ${next ? start.toLowerCase() : start}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

export function sentence(words) {
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

export function formatDuration(seconds) {
  const total = Math.round(seconds);
  const [d, h, m, s] = [Math.floor(total / 86400), Math.floor((total % 86400) / 3600), Math.floor((total % 3600) / 60), total % 60];
  if (d) return h ? `${d} d ${h} h` : `${d} d`;
  if (h) return m ? `${h} h ${m} min` : `${h} h`;
  if (m) return s && m < 10 ? `${m} min ${s} s` : `${m} min`;
  return `${s} s`;
}

const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short" });

export function formatMoment(iso) {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return String(iso);
  return moment.toDateString() === new Date().toDateString() ? clock.format(moment) : `${formatDay(moment)}, ${clock.format(moment)}`;
}

export const formatClock = (moment) => exact.format(new Date(moment));

export function formatDay(moment) {
  const date = new Date(moment);
  const today = new Date();
  if (date.toDateString() === today.toDateString()) return "Today";
  today.setDate(today.getDate() - 1);
  return date.toDateString() === today.toDateString() ? "Yesterday" : day.format(date);
}

export function ago(iso) {
  const seconds = Math.max(0, (Date.now() - new Date(iso)) / 1000);
  return seconds < 10 ? "just now" : `${formatDuration(seconds < 60 ? Math.round(seconds / 10) * 10 : Math.round(seconds / 60) * 60)} ago`;
}

export const lasting = (iso) => {
  const words = ago(iso).replace(" ago", "");
  return words === "just now" ? "for a moment" : `for ${words}`;
};

/** The features that show what an appliance does, the most telling first. */
export function readings(appliance) {
  return appliance.features.filter((f) => f.category === "primary" && f.enabled_by_default && !["event", "button", "update", "text"].includes(f.kind));
}

/** What tops a card: the first changing number or position, else the first reading that says something. */
export function headline(shown, state) {
  const known = (f) => state[f.key] !== null && state[f.key] !== undefined;
  return (
    shown.find((f) => ["cover", "lock"].includes(f.kind)) ??
    shown.find((f) => f.kind === "sensor" && typeof state[f.key] === "number" && f.state_class !== "total_increasing") ??
    shown.find((f) => f.kind === "sensor" && f.device_class !== "timestamp" && known(f)) ??
    shown.find((f) => ["binary_sensor", "number", "select"].includes(f.kind) && known(f)) ??
    shown.find((f) => f.kind === "switch")
  );
}
