/** The last values of a series and the forecast after them, which moves with each value. */

import { Drawing, colour, gutter } from "./canvas.js";
import { element } from "./dom.js";
import { counted } from "./words.js";

const KEPT = 400;
const HEIGHT = 240;
const MOST_CHARTS = 4;
const INTERVALS = [95, 80];

export class ForecastView {
  constructor(channel, hello) {
    this.channel = channel;
    this.features = hello.features;
    this.summary = element("p", { className: "status" }, "The forecast begins with the first value.");
    this.charts = this.features.slice(0, MOST_CHARTS).map((name) => {
      const chart = new Drawing(`${name}: last values and forecast`, HEIGHT, (...place) => this.draw(name, ...place));
      return { name, chart };
    });
    const pictures = this.charts.flatMap(({ name, chart }) => [element("h3", {}, name), chart.canvas]);
    this.root = element("div", {}, ...pictures, this.summary);
    this.rows = [];
  }

  start() {
    return {};
  }

  remember() {
    return [...this.rows];
  }

  recall(rows = []) {
    this.rows = rows;
    this.changed();
  }

  onRestart() {
    this.rows = [];
    this.record = undefined;
    this.changed();
  }

  onSent({ values }) {
    this.rows.push(...values);
    this.rows.splice(0, this.rows.length - KEPT);
    this.changed();
  }

  onResult({ records }) {
    const record = records.at(-1);
    if (!record) return;
    this.record = record;
    const [name] = this.features;
    const { mean, "lo-80": low, "hi-80": high } = this.of(name);
    const between = low ? `, with 80 % between ${short(low[0])} and ${short(high[0])}` : "";
    this.summary.textContent = `After ${counted(record.step, "value")}: next ${name} ${short(mean[0])}${between}.`;
    this.changed();
  }

  /** The forecast of a sensor stands until its next value, which may be an hour away. */
  onJoined(records) {
    this.onResult({ records });
  }

  changed() {
    this.charts.forEach(({ chart }) => chart.changed());
  }

  /** The forecast of a feature. */
  of(name) {
    return this.features.length === 1 ? this.record : this.record[name];
  }

  draw(name, context, width, height) {
    const place = this.features.indexOf(name);
    const forecast = this.record && this.of(name);
    const ahead = forecast?.mean.length ?? 0;
    const values = this.rows.slice(-Math.max(60, 4 * ahead)).map((row) => row[place]);
    const box = { x: gutter(width), y: 6, width: width - gutter(width) - 4, height: height - 12 };
    context.fillStyle = colour("sunken");
    context.fillRect(box.x, box.y, box.width, box.height);
    const all = [values, ...Object.values(forecast ?? {}).filter(Array.isArray)].flat().filter((one) => one !== null);
    if (!all.length) return;
    const scale = new Scale(box, Math.min(...all), Math.max(...all), values.length + ahead);
    scale.label(context);
    if (forecast) drawFan(context, scale, forecast, values);
    drawLine(context, scale, values, 0, colour("ink"));
  }
}

/** Places of values in a box. */
export class Scale {
  constructor(box, low, high, steps) {
    const room = 0.08 * (high - low) || 1;
    Object.assign(this, { box, steps, low: low - room, high: high + room });
  }

  x(step) {
    return this.box.x + (this.box.width * (step + 0.5)) / this.steps;
  }

  y(value) {
    return this.box.y + this.box.height * (1 - (value - this.low) / (this.high - this.low));
  }

  label(context) {
    context.fillStyle = colour("quiet");
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const share of [0.1, 0.5, 0.9]) {
      const value = this.low + share * (this.high - this.low);
      context.fillText(short(value), this.box.x - 6, this.y(value));
    }
  }
}

export const short = (value) => String(Number(value.toPrecision(4)));

function drawFan(context, scale, forecast, values) {
  const { length } = values;
  const last = values.at(-1) ?? forecast.mean[0];
  context.fillStyle = colour("accent");
  for (const percent of INTERVALS.filter((one) => forecast[`lo-${one}`])) {
    const [low, high] = [[last, ...forecast[`lo-${percent}`]], [last, ...forecast[`hi-${percent}`]]];
    context.globalAlpha = 0.22;
    context.beginPath();
    low.forEach((value, step) => context.lineTo(scale.x(length - 1 + step), scale.y(value)));
    high.reverse().forEach((value, step) => context.lineTo(scale.x(length + high.length - 2 - step), scale.y(value)));
    context.fill();
  }
  context.globalAlpha = 1;
  drawLine(context, scale, [last, ...forecast.mean], length - 1, colour("accent"));
}

export function drawLine(context, scale, values, first, style) {
  context.strokeStyle = style;
  context.lineWidth = 2;
  context.beginPath();
  let isDown = false; // values may be missing
  values.forEach((value, step) => {
    if (value !== null) context[isDown ? "lineTo" : "moveTo"](scale.x(first + step), scale.y(value));
    isDown = value !== null;
  });
  context.stroke();
}
