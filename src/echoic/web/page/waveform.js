/** Sound as a waveform: what was heard in one colour, what the network made in another. */

import { Drawing, colour } from "./canvas.js";


export class Waveform {
  /** A picture of the last `shown_s` seconds, `height` pixels high, with this number of bars. */
  constructor(label, shown_s, { height = 130, bars = 100 * shown_s } = {}) {
    Object.assign(this, { bars, bars_per_s: bars / shown_s });
    this.drawing = new Drawing(label, height, (...place) => this.draw(...place));
    this.root = this.drawing.canvas;
    this.clear();
  }

  clear() {
    this.peaks = []; // { low, high, by }
    this.pending = { samples: 0, low: 0, high: 0 };
    this.drawing.changed();
  }

  /** Adds sound by "you" or "network". */
  add(samples, rate_hz, by) {
    for (const sample of samples) {
      const { pending } = this;
      pending.low = Math.min(pending.low, sample);
      pending.high = Math.max(pending.high, sample);
      if (++pending.samples < rate_hz / this.bars_per_s) continue;
      this.peaks.push({ ...pending, by });
      this.pending = { samples: 0, low: 0, high: 0 };
    }
    this.peaks.splice(0, this.peaks.length - this.bars);
    this.drawing.changed();
  }

  draw(context, width, height) {
    context.fillStyle = colour("sunken");
    context.fillRect(0, 0, width, height);
    context.fillStyle = colour("line");
    context.fillRect(0, height / 2, width, 1);
    const step = width / this.bars;
    const loudest = Math.max(0.05, ...this.peaks.map(({ low, high }) => Math.max(-low, high)));
    this.peaks.forEach(({ low, high, by }, place) => {
      context.fillStyle = colour(by === "you" ? "warm" : "accent");
      const [top, bottom] = [high, low].map((value) => (height / 2) * (1 - (0.95 * value) / loudest));
      context.fillRect(place * step, top, Math.max(1, step), Math.max(1, bottom - top));
    });
  }
}
