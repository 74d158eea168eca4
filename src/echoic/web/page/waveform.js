/** Sound as a waveform: what was heard in one colour, what the network made in another. */

import { Drawing, colour } from "./canvas.js";

const HEIGHT = 130;
const PEAKS_PER_S = 100;

export class Waveform {
  constructor(label, shown_s) {
    this.shown_s = shown_s;
    this.drawing = new Drawing(label, HEIGHT, (...place) => this.draw(...place));
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
      if (++pending.samples < rate_hz / PEAKS_PER_S) continue;
      this.peaks.push({ ...pending, by });
      this.pending = { samples: 0, low: 0, high: 0 };
    }
    this.peaks.splice(0, this.peaks.length - this.shown_s * PEAKS_PER_S);
    this.drawing.changed();
  }

  draw(context, width, height) {
    context.fillStyle = colour("sunken");
    context.fillRect(0, 0, width, height);
    context.fillStyle = colour("line");
    context.fillRect(0, height / 2, width, 1);
    const step = width / (this.shown_s * PEAKS_PER_S);
    const loudest = Math.max(0.05, ...this.peaks.map(({ low, high }) => Math.max(-low, high)));
    this.peaks.forEach(({ low, high, by }, place) => {
      context.fillStyle = colour(by === "you" ? "warm" : "accent");
      const [top, bottom] = [high, low].map((value) => (height / 2) * (1 - (0.95 * value) / loudest));
      context.fillRect(place * step, top, Math.max(1, step), Math.max(1, bottom - top));
    });
  }
}
