/** The last steps of music as a piano-roll: what was played, and what the network answered. */

import { Drawing, colour, gutter } from "./canvas.js";

const HEIGHT = 200;
const LEAST_PITCHES = 24;

export class PianoRoll {
  /** Shows the last `shown` of `steps` on a grid: { pitches, onsets, by } with by "you" or "network". */
  constructor(label, grid, steps, shown) {
    this.grid = grid;
    this.steps = steps;
    this.shown = shown;
    this.drawing = new Drawing(label, HEIGHT, (...place) => this.draw(...place));
    this.root = this.drawing.canvas;
  }

  changed() {
    this.drawing.changed();
  }

  draw(context, width, height) {
    const first = Math.max(0, this.steps.length - this.shown);
    const steps = this.steps.slice(first);
    const pitches = steps.flatMap((step) => step.pitches);
    const [low, high] = rangeOf(pitches);
    const [x, step] = [gutter(width), (width - gutter(width)) / this.shown];
    const row = height / (high - low + 1);
    context.fillStyle = colour("sunken");
    context.fillRect(x, 0, width - x, height);
    drawOctaves(context, { x, row, low, high, width });
    context.fillStyle = colour("line");
    for (let place = 0; place < this.shown; place++) {
      if (this.grid.isBeat(first + place)) context.fillRect(x + place * step, 0, 1, height);
    }
    steps.forEach(({ pitches, onsets, by }, place) => {
      context.fillStyle = colour(by === "you" ? "warm" : "accent");
      for (const pitch of pitches) {
        const gap = onsets.includes(pitch) ? 1 : 0;
        context.fillRect(x + place * step + gap, (high - pitch) * row + 0.5, step - gap, Math.max(2, row - 1));
      }
    });
  }
}

function rangeOf(pitches) {
  const low = Math.min(60, ...pitches);
  const high = Math.max(72, ...pitches);
  const missing = Math.max(0, LEAST_PITCHES - (high - low + 1));
  return [low - Math.ceil(missing / 2), high + Math.floor(missing / 2)];
}

function drawOctaves(context, { x, row, low, high, width }) {
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (let pitch = Math.ceil(low / 12) * 12; pitch <= high; pitch += 12) {
    const y = (high - pitch + 0.5) * row;
    context.fillStyle = colour("line");
    context.fillRect(x, y + row / 2, width - x, 1);
    context.fillStyle = colour("quiet");
    context.fillText(`C${pitch / 12 - 1}`, x - 6, y);
  }
}
