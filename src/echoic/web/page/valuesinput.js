/** Controls for values: a table that is pasted or dropped, fed row by row, or sliders that are read again and again. */

import { rowsOf } from "./csv.js";
import { button, element, field, slider, takeDropped } from "./dom.js";
import { counted } from "./words.js";

const PIECE_ROWS = 500;
const LAST_ROWS = 200; // fed one by one; those before them in pieces
const EARLY_MS = 5; // between two looks whether a piece has its result
const MOST_SLIDERS = 4;

export class ValuesInput {
  /** `listener` has onRows(rows) and isBusy(): rows wait for the server, and for the results of those before them. */
  constructor(features, listener) {
    this.features = features;
    this.listener = listener;
    this.perSecond = 10;
    this.text = element("textarea", { rows: 4, spellcheck: false, placeholder: `${features.join(",")}\n1.5\n1.7` });
    this.file = element("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv" });
    this.file.onchange = () => this.read(this.file.files[0]);
    this.feedButton = button("Feed the table", () => this.toggle(), { className: "main", "aria-pressed": "false" });
    this.status = element("p", { className: "status", role: "status" }, "Paste a table, or drop a CSV file here.");
    this.root = element(
      "section",
      { className: "card input", "aria-label": "Values" },
      element("div", { className: "table-field" }, field("Table", this.text)),
      element(
        "div",
        { className: "row" },
        this.feedButton,
        field("or a file", this.file),
        slider("Rows per second", { min: 1, max: 50, step: 1, value: 10 }, (value) => (this.perSecond = value)),
      ),
      this.status,
      this.sliders(),
    );
    takeDropped(this.root, (file) => this.read(file));
  }

  close() {
    this.stop();
    this.stopSliders();
  }

  async read(file) {
    if (!file) return;
    this.text.value = await file.text();
    this.feed();
  }

  toggle() {
    if (this.timer) this.stop();
    else this.feed();
  }

  /** Feeds the table: all but the last rows as fast as they have results, those at the pace that is set. */
  feed() {
    this.stop();
    try {
      this.rows = rowsOf(this.text.value, this.features);
    } catch (error) {
      this.show("failed", error.message);
      return;
    }
    this.widen();
    this.next = 0;
    this.feedButton.setAttribute("aria-pressed", "true");
    this.tick();
  }

  tick() {
    if (this.next >= this.rows.length) {
      this.stop();
      this.show("ended", `${counted(this.rows.length, "row")}: all are fed.`);
      return;
    }
    const early = Math.min(PIECE_ROWS, this.rows.length - LAST_ROWS - this.next);
    if (!this.listener.isBusy()) {
      const end = this.next + Math.max(1, early);
      this.listener.onRows(this.rows.slice(this.next, end));
      this.next = end;
    }
    this.show("open", `Row ${this.next} of ${this.rows.length}.`);
    this.timer = setTimeout(() => this.tick(), early > 0 ? EARLY_MS : 1000 / this.perSecond);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.feedButton.setAttribute("aria-pressed", "false");
  }

  show(kind, text) {
    this.status.textContent = text;
    this.status.dataset.kind = kind;
  }

  /** A slider for each of the first features; the others stay at the middle. */
  sliders() {
    this.values = this.features.map(() => 0);
    const range = { min: -3, max: 3, step: 0.01, value: 0 };
    const made = this.features
      .slice(0, MOST_SLIDERS)
      .map((name, place) => slider(name, range, (value) => (this.values[place] = value)));
    this.ranges = made.map((one) => one.querySelector("input"));
    this.sliderButton = button("Feed the slider", () => this.toggleSliders(), { "aria-pressed": "false" });
    return element("div", { className: "row" }, this.sliderButton, ...made);
  }

  /** Lets the sliders reach what the table has. */
  widen() {
    this.ranges.forEach((input, place) => {
      const values = this.rows.map((row) => row[place]).filter((value) => value !== null);
      if (!values.length) return;
      const low = values.reduce((one, other) => Math.min(one, other));
      const high = values.reduce((one, other) => Math.max(one, other));
      const room = (high - low) / 4 || 1;
      Object.assign(input, { min: low - room, max: high + room, step: (high - low) / 200 || 0.01, value: values.at(-1) });
      input.dispatchEvent(new Event("input"));
    });
  }

  toggleSliders() {
    if (this.sliding) {
      this.stopSliders();
      return;
    }
    const push = () => {
      if (!this.listener.isBusy()) this.listener.onRows([[...this.values]]);
      this.sliding = setTimeout(push, 1000 / this.perSecond);
    };
    this.sliderButton.setAttribute("aria-pressed", "true");
    push();
  }

  stopSliders() {
    clearTimeout(this.sliding);
    this.sliding = undefined;
    this.sliderButton.setAttribute("aria-pressed", "false");
  }
}
