/** What a run makes of its inputs: the newest predictions of each target. */

import { Drawing, colour, gutter } from "./canvas.js";
import { element } from "./dom.js";
import { Scale, drawLine, short } from "./forecast.js";

const KEPT = 400;
const HEIGHT = 160;
const MOST_CHARTS = 4;
const BEGINNING = "Predictions begin with the first value.";

export class MapView {
  constructor() {
    this.summary = element("p", { className: "status", role: "status" }, BEGINNING);
    this.pictures = element("div");
    this.root = element("div", {}, this.pictures, this.summary);
    this.onRestart();
  }

  start() {
    return {};
  }

  onRestart() {
    this.targets = new Map();
    this.pictures.replaceChildren();
    this.summary.textContent = BEGINNING;
  }

  onResult({ records }) {
    for (const { step, ...values } of records) {
      for (const [name, value] of Object.entries(values)) if (!/-(lo|hi)-\d+$/.test(name)) this.keep(name, value);
      this.summary.textContent = `Step ${step}: ${[...this.targets].map(([name, { newest }]) => `${name} ${short(newest.at(-1))}`).join(", ")}.`;
    }
    this.targets.forEach(({ chart }) => chart?.changed());
  }

  /** What came last of a sensor stands until its next value. */
  onJoined(records) {
    this.onResult({ records });
  }

  keep(name, value) {
    if (!this.targets.has(name)) this.targets.set(name, this.target(name));
    const { newest } = this.targets.get(name);
    newest.push(value);
    newest.splice(0, newest.length - KEPT);
  }

  /** The values of a target, with a chart for the first ones. */
  target(name) {
    const newest = [];
    if (this.targets.size >= MOST_CHARTS) return { newest };
    const chart = new Drawing(`${name}: newest predictions`, HEIGHT, (...place) => draw(newest, ...place));
    this.pictures.append(element("h3", {}, name), chart.canvas);
    return { newest, chart };
  }
}

function draw(values, context, width, height) {
  const box = { x: gutter(width), y: 6, width: width - gutter(width) - 4, height: height - 12 };
  context.fillStyle = colour("sunken");
  context.fillRect(box.x, box.y, box.width, box.height);
  if (!values.length) return;
  const scale = new Scale(box, Math.min(...values), Math.max(...values), Math.max(60, values.length));
  scale.label(context);
  drawLine(context, scale, values, 0, colour("accent"));
}
