/** The spectrogram of the sound that comes in, on a mel scale, up to the highest frequency that the network reads. */

import { Drawing, colour, drawAges, gutter, span } from "./canvas.js";
import { Spectrum } from "./fft.js";
import { ScrollingPicture } from "./scrolling.js";

const ROWS = 128;
const HOP_S = 0.01;
const WINDOW_S = 0.032;
const KEPT_S = 13;
const RANGE_DB = 60;
const QUIETEST_DB = -50; // even the loudest part is no louder than this: silence stays dark
const TICKS_HZ = [250, 500, 1000, 2000, 4000, 8000, 16_000];

const mel = (hz) => 2595 * Math.log10(1 + hz / 700);
const hertz = (value) => 700 * (10 ** (value / 2595) - 1);

export class Spectrogram {
  constructor() {
    this.picture = new ScrollingPicture(ROWS, HOP_S, KEPT_S);
    this.drawing = new Drawing("Spectrogram of the last seconds", 180, (...place) => this.draw(...place));
    this.root = this.drawing.canvas;
    this.now_s = 0;
    this.highest_hz = 8000;
  }

  /** Begins with sound of this rate, for networks that read frequencies up to `highest_hz`. */
  begin(rate_hz, highest_hz) {
    this.highest_hz = highest_hz;
    this.frames = 0;
    this.loudest_db = QUIETEST_DB;
    this.picture.clear();
    this.setRate(rate_hz);
  }

  /** The sound goes on at another rate. */
  setRate(rate_hz) {
    this.rate_hz = rate_hz;
    this.spectrum = new Spectrum(2 ** Math.round(Math.log2(WINDOW_S * rate_hz)));
    this.kept = new Float32Array(this.spectrum.size);
    this.samples = Math.ceil(this.frames * HOP_S * rate_hz);
    this.bins = this.binsOfRows();
  }

  push(samples) {
    for (let at = 0; at < samples.length; ) {
      const due = Math.ceil((this.frames + 1) * HOP_S * this.rate_hz);
      const piece = samples.subarray(at, at + due - this.samples);
      this.kept.copyWithin(0, piece.length);
      this.kept.set(piece, this.kept.length - piece.length);
      this.samples += piece.length;
      at += piece.length;
      if (this.samples === due) this.picture.put(this.frames++, this.column());
    }
    this.now_s = this.samples / this.rate_hz;
    this.drawing.changed();
  }

  /** First and last bin of each row, from the highest row down. */
  binsOfRows() {
    const top = mel(this.highest_hz);
    const bin = (row) => (hertz(((ROWS - row) / ROWS) * top) * this.spectrum.size) / this.rate_hz;
    return Array.from({ length: ROWS }, (_, row) => [bin(row + 1), bin(row)]);
  }

  column() {
    const magnitudes = this.spectrum.of(this.kept);
    const decibels = this.bins.map(([low, high]) => {
      let most = 0;
      for (let bin = Math.round(low); bin <= Math.round(high); bin++) most = Math.max(most, magnitudes[bin] ?? 0);
      return 20 * Math.log10(most + 1e-9);
    });
    this.loudest_db = Math.max(QUIETEST_DB, this.loudest_db - 0.02, ...decibels);
    return decibels.map((one) => 1 + (one - this.loudest_db) / RANGE_DB);
  }

  draw(context, width, height) {
    const span_s = span(width);
    const box = { x: gutter(width), y: 4, width: width - gutter(width), height: height - 24 };
    context.fillStyle = colour("sunken");
    context.fillRect(box.x, box.y, box.width, box.height);
    this.picture.draw(context, box, this.now_s - span_s, span_s);
    context.fillStyle = colour("quiet");
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const tick of TICKS_HZ.filter((one) => one < 0.95 * this.highest_hz)) {
      const y = box.y + box.height * (1 - mel(tick) / mel(this.highest_hz));
      context.fillText(tick < 1000 ? `${tick} Hz` : `${tick / 1000} kHz`, box.x - 6, y);
    }
    drawAges(context, box, span_s);
  }
}
