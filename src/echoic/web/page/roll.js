/** Events under the spectrogram: a row for each label, with how probable it is at each time, and the certain events. */

import { Drawing, colour, gutter, span } from "./canvas.js";
import { ScrollingPicture } from "./scrolling.js";

const KEPT_S = 13;
const MOST_ROWS = 12;
const ROW_PIXELS = 22;
const PROBABLE = 0.5;

export class EventRoll {
  constructor(labels, hop_s) {
    this.labels = labels;
    this.hop_s = hop_s;
    // With many labels only those that occur get a row.
    this.shown = labels.length > MOST_ROWS ? [] : labels.map((_, number) => number);
    this.pictures = labels.map(() => new ScrollingPicture(1, hop_s, KEPT_S));
    this.drawing = new Drawing("Events of the last seconds, a row for each label", 0, (...place) => this.draw(...place));
    this.root = this.drawing.canvas;
    this.clear();
  }

  clear() {
    this.events = [];
    this.now_s = 0;
    this.pictures.forEach((picture) => picture.clear());
    this.resize();
  }

  /** The time up to which data were sent. */
  advance(now_s) {
    this.now_s = now_s;
    this.drawing.changed();
  }

  /** Probabilities of frames: of no event, then of each label. */
  addFrames({ first, probs }) {
    probs.forEach((values, place) => {
      values.slice(1).forEach((value, label) => {
        if (value > PROBABLE) this.show(label);
        this.pictures[label].put(first + place, [0.7 * value]);
      });
    });
  }

  addEvent(event) {
    this.show(this.labels.indexOf(event.label));
    this.events = this.events.filter((one) => one.offset_s > this.now_s - KEPT_S);
    this.events.push(event);
  }

  show(label) {
    if (this.shown.includes(label)) return;
    this.shown = [...this.shown, label].sort((one, other) => one - other);
    this.resize();
  }

  resize() {
    this.drawing.height = ROW_PIXELS * Math.max(1, this.shown.length) + 4;
  }

  draw(context, width) {
    const span_s = span(width);
    const [x, room] = [gutter(width), width - gutter(width)];
    const begin_s = this.now_s - span_s;
    this.shown.forEach((label, row) => {
      const box = { x, y: row * ROW_PIXELS + 2, width: room, height: ROW_PIXELS - 4 };
      context.fillStyle = colour("sunken");
      context.fillRect(box.x, box.y, box.width, box.height);
      this.pictures[label].draw(context, box, begin_s, span_s);
      this.drawName(context, this.labels[label], box);
      for (const event of this.events.filter((one) => one.label === this.labels[label])) {
        this.drawEvent(context, event, box, begin_s, span_s);
      }
    });
  }

  drawName(context, name, { x, y, height }) {
    context.fillStyle = colour("ink");
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(name, x - 6, y + height / 2, x - 8);
  }

  drawEvent(context, event, { x, y, width, height }, begin_s, span_s) {
    const place = (time_s) => x + (width * Math.max(0, time_s - begin_s)) / span_s;
    const [left, right] = [place(event.onset_s), place(event.offset_s)];
    if (right <= x) return;
    context.strokeStyle = colour("accent");
    context.lineWidth = 2;
    context.strokeRect(left + 1, y + 1, Math.max(1, right - left - 2), height - 2);
  }
}
