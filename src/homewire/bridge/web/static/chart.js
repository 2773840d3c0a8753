// A chart of one or more series with the same unit: uPlot for the drawing, our own legend for reading and hearing.

import { formatNumber, UNKNOWN } from "./format.js";
import { Element, html, nothing } from "./lit.js";
import uPlot from "./vendor/uplot/uplot.js";

const HEIGHT = 190;
const REDRAW_MS = 1000;
const SERIES = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5"];
const sync = uPlot.sync("history");

class Chart extends Element {
  static properties = { lines: {}, from: {}, to: {}, at: { state: true } };
  #plot = null;
  #drawn = 0;
  #waiting = 0;

  follow() {
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const recolour = () => this.#make();
    scheme.addEventListener("change", recolour);
    const resize = new ResizeObserver(() => this.#plot?.setSize({ width: this.#width(), height: HEIGHT }));
    resize.observe(this);
    return [() => scheme.removeEventListener("change", recolour), () => resize.disconnect(), () => this.#destroy()];
  }

  render() {
    const unit = this.lines[0].unit;
    return html`<figure class="chart">
      <figcaption>${this.lines.map((line, i) => html`<span class="key"><i class="series-${i % SERIES.length}"></i>${line.name}
        <b>${this.#shown(line)}</b>${unit && this.#shown(line) !== UNKNOWN ? html`<span class="unit">${unit}</span>` : nothing}
        <span class="range">${this.#range(line)}</span></span>`)}</figcaption>
      <div class="plot" role="img" aria-label=${this.lines.map((line) => this.#words(line, unit)).join("; ")}></div>
    </figure>`;
  }

  updated(changed) {
    if (!changed.has("lines") && !changed.has("to")) return;
    const shape = this.lines.map((line) => `${line.key} ${line.raw}`).join();
    if (!this.#plot || shape !== this.shape) {
      this.shape = shape;
      this.#make();
      return;
    }
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#redraw(), Math.max(0, this.#drawn + REDRAW_MS - performance.now()));
  }

  #redraw() {
    if (!this.#plot) return;
    this.#drawn = performance.now();
    this.#plot.setData(this.#table());
  }

  #width() {
    return Math.max(200, this.querySelector(".plot").clientWidth);
  }

  #destroy() {
    clearTimeout(this.#waiting);
    this.#plot?.destroy();
    this.#plot = null;
  }

  #make() {
    this.#destroy();
    const style = getComputedStyle(this);
    const colour = (name) => style.getPropertyValue(name).trim();
    const grid = { stroke: colour("--line"), width: 1 };
    const font = `12px ${style.fontFamily}`;
    this.#drawn = performance.now();
    this.#plot = new uPlot({
      width: this.#width(), height: HEIGHT, legend: { show: false }, padding: [8, 18, 0, 0],
      cursor: { sync: { key: sync.key }, y: false, points: { size: 7 }, drag: { x: false, y: false } },
      hooks: { setCursor: [(plot) => (this.at = plot.cursor.idx)] },
      scales: { x: { range: () => [this.from, this.to] }, y: { range: (_plot, low, high) => padded(low, high) } },
      axes: [
        { stroke: colour("--muted"), font, grid: { show: false }, ticks: { show: false }, space: 64, size: 28, values: times },
        { stroke: colour("--muted"), font, grid, ticks: { show: false }, size: 46, space: 38, values: (_plot, ticks) => ticks.map((tick) => formatNumber(tick)) },
      ],
      series: [{}, ...this.lines.flatMap((line, i) => this.#series(line, colour(SERIES[i % SERIES.length])))],
      bands: this.#bands(),
    }, this.#table(), this.querySelector(".plot"));
  }

  /** A line; and where it stands for more than was drawn, its extremes as a band around it. */
  #series(line, stroke) {
    const main = { label: line.name, stroke, width: 1.75, points: { show: false }, dash: line.feature?.kind === "number" ? [4, 4] : undefined, paths: line.raw ? uPlot.paths.stepped({ align: 1 }) : undefined };
    const edge = { stroke: "transparent", width: 0, points: { show: false } };
    return line.raw ? [main] : [main, { ...edge, fill: undefined }, { ...edge }];
  }

  #bands() {
    const bands = [];
    let index = 1;
    this.lines.forEach((line, i) => {
      const fill = getComputedStyle(this).getPropertyValue(`${SERIES[i % SERIES.length]}-soft`).trim();
      if (!line.raw) bands.push({ series: [index + 2, index + 1], fill });
      index += line.raw ? 1 : 3;
    });
    return bands;
  }

  #table() {
    return uPlot.join(this.lines.map((line) => {
      const last = line.values.length - 1;
      const ends = line.at[last] < this.to;
      const whole = (values) => (ends ? [...values, values[last]] : values);
      const at = (ends ? [...line.at, this.to] : line.at).map((moment) => Math.max(moment, this.from));
      return line.raw ? unique([at, whole(line.values)]) : unique([at, whole(line.values), whole(line.low), whole(line.high)]);
    }));
  }

  #shown(line) {
    const moment = this.at == null ? this.to : this.#plot?.data[0][this.at];
    let index = line.at.length - 1;
    while (index > 0 && line.at[index] > moment) index -= 1;
    return this.#number(line, line.values[index]);
  }

  #range(line) {
    const low = Math.min(...(line.low ?? line.values).filter((value) => value !== null));
    const high = Math.max(...(line.high ?? line.values).filter((value) => value !== null));
    return low === high ? "" : `${this.#number(line, low)} – ${this.#number(line, high)}`;
  }

  /** What a screen reader says in place of the picture. */
  #words(line, unit) {
    const range = this.#range(line);
    return range ? `${line.name} from ${range.replace("–", "to")} ${unit}` : `${line.name} ${this.#shown(line)} ${unit}`;
  }

  #number(line, value) {
    return typeof value === "number" ? formatNumber(value, line.feature?.precision ?? undefined) : UNKNOWN;
  }
}

/** uPlot wants rising times; of several values clamped to the left edge only the last one holds. */
function unique(columns) {
  const keep = columns[0].map((at, i) => at !== columns[0][i + 1]);
  return columns.map((column) => column.filter((_, i) => keep[i]));
}

function padded(low, high) {
  if (low == null) return [0, 1];
  const room = high > low ? (high - low) * 0.12 : Math.max(Math.abs(high) * 0.01, 0.5);
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

function times(_plot, ticks, _axis, _space, step) {
  if (step < 60) return ticks.map((tick) => exact.format(tick * 1000));
  return ticks.map((tick) => (step >= 86_400 || new Date(tick * 1000).getHours() + new Date(tick * 1000).getMinutes() === 0 ? day : clock).format(tick * 1000));
}

customElements.define("hw-chart", Chart);
