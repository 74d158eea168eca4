/** A picture that grows by columns in time and shows the last seconds of them. */

const DARK = matchMedia("(prefers-color-scheme: dark)");
const STOPS = {
  light: [[255, 255, 255, 0], [120, 190, 200, 200], [24, 90, 140, 255], [16, 24, 64, 255]],
  dark: [[13, 19, 26, 0], [20, 90, 110, 220], [60, 190, 170, 255], [250, 240, 170, 255]],
};

/** Calls `act` when the page becomes light or dark. */
export function whenThemeChanges(act) {
  DARK.addEventListener("change", act);
}

/** Colours `(256 * 4,)` of values from 0 to 1, for the theme of the page. */
function colours() {
  const stops = STOPS[DARK.matches ? "dark" : "light"];
  const found = new Uint8ClampedArray(1024);
  for (let value = 0; value < 256; value++) {
    const place = (value / 255) * (stops.length - 1);
    const before = Math.min(Math.floor(place), stops.length - 2);
    for (let channel = 0; channel < 4; channel++) {
      const [one, other] = [stops[before][channel], stops[before + 1][channel]];
      found[4 * value + channel] = one + (place - before) * (other - one);
    }
  }
  return found;
}

export class ScrollingPicture {
  /** `rows` from top to bottom, a column every `hop_s`, of which those of `kept_s` are kept. */
  constructor(rows, hop_s, kept_s) {
    this.rows = rows;
    this.hop_s = hop_s;
    this.columns = Math.ceil(kept_s / hop_s);
    this.canvas = new OffscreenCanvas(this.columns, rows);
    this.context = this.canvas.getContext("2d");
    this.column = new ImageData(1, rows);
    this.palette = colours();
    this.values = [];
    this.next = 0;
    whenThemeChanges(() => this.repaint());
  }

  clear() {
    this.context.clearRect(0, 0, this.columns, this.rows);
    this.values = [];
    this.next = 0;
  }

  /** Sets the column of a number, with a value from 0 to 1 for each row. */
  put(number, values) {
    const place = number % this.columns;
    this.values[place] = values;
    this.next = number + 1;
    this.paint(place, values);
  }

  paint(place, values) {
    values.forEach((value, row) => {
      const colour = 4 * Math.round(255 * Math.min(1, Math.max(0, value)));
      for (let channel = 0; channel < 4; channel++) {
        this.column.data[4 * row + channel] = this.palette[colour + channel];
      }
    });
    this.context.putImageData(this.column, place, 0);
  }

  repaint() {
    this.palette = colours();
    this.values.forEach((values, place) => this.paint(place, values));
  }

  /** Draws the columns from `begin_s` for `span_s` into a box of another context. */
  draw(context, { x, y, width, height }, begin_s, span_s) {
    const scale = (width * this.hop_s) / span_s;
    const first = Math.max(0, this.next - this.columns, Math.floor(begin_s / this.hop_s));
    const left = (number) => x + (number - begin_s / this.hop_s) * scale;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    for (let from = first; from < this.next; ) {
      const place = from % this.columns;
      const count = Math.min(this.columns - place, this.next - from);
      context.drawImage(this.canvas, place, 0, count, this.rows, left(from), y, count * scale, height);
      from += count;
    }
    context.restore();
  }
}
