/** A canvas as wide as its place, sharp on any screen, drawn again whenever it was marked as changed. */

import { element } from "./dom.js";
import { whenThemeChanges } from "./scrolling.js";

export class Drawing {
  /** `draw(context, width, height)` in CSS pixels; `label` says what the picture shows. */
  constructor(label, height, draw) {
    this.canvas = element("canvas", { role: "img", "aria-label": label });
    this.context = this.canvas.getContext("2d");
    this.height = height;
    this.draw = draw;
    new ResizeObserver(() => this.changed()).observe(this.canvas);
    whenThemeChanges(() => this.changed());
  }

  /** Sets the height in CSS pixels. */
  set height(pixels) {
    this.pixels = pixels;
    this.canvas.style.height = `${pixels}px`;
    this.changed?.();
  }

  changed() {
    this.frame ??= requestAnimationFrame(() => this.redraw());
  }

  redraw() {
    this.frame = undefined;
    const width = this.canvas.clientWidth;
    if (!width) return;
    const ratio = devicePixelRatio;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(this.pixels * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(this.pixels * ratio);
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, width, this.pixels);
    this.context.font = "12px system-ui, sans-serif";
    this.draw(this.context, width, this.pixels);
  }
}

/** A colour of the style sheet, such as "ink". */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
}

/** Width of the column of names beside pictures. */
export function gutter(width) {
  return width < 600 ? 52 : 64;
}

/** Seconds that fit into a picture of this width. */
export function span(width) {
  return Math.min(12, Math.max(4, width / 100));
}

/** Ticks of the time before now along the lower edge of a box. */
export function drawAges(context, { x, y, width, height }, span_s) {
  context.fillStyle = colour("quiet");
  context.textBaseline = "top";
  for (let age_s = 0; age_s < span_s; age_s += 2) {
    context.textAlign = age_s ? "center" : "right";
    const place = x + width * (1 - age_s / span_s);
    if (place < x + 20) break;
    context.fillText(age_s ? `−${age_s} s` : "now", place, y + height + 4);
  }
}
