/** A table of events or clips, newest first, which can be saved in the formats of other programs. */

import { button, download, element } from "./dom.js";
import { counted } from "./words.js";

const MOST_ROWS = 200;

export class EventList {
  /** `name` is that of saved files, `what` the word for one event; `highest_hz` goes into Raven tables. */
  constructor(name, what, highest_hz) {
    this.name = name;
    this.what = what;
    this.highest_hz = highest_hz;
    this.body = element("tbody");
    this.count = element("p", { role: "status", className: "status" });
    const heads = ["onset", "offset", this.column, "confidence"].map((text) => element("th", { scope: "col" }, text));
    this.root = element(
      "div",
      {},
      element("div", { className: "row" }, this.count, ...this.savers()),
      element(
        "div",
        { className: "table", tabIndex: 0, role: "region", "aria-label": `Table of ${what}s` },
        element("table", {}, element("thead", {}, element("tr", {}, ...heads)), this.body),
      ),
    );
    this.clear();
  }

  /** The name of the column with labels. */
  get column() {
    return "label";
  }

  clear() {
    this.events = [];
    this.body.replaceChildren();
    this.tell();
  }

  add(event) {
    this.events.push(event);
    const cells = [seconds(event.onset_s), seconds(event.offset_s), event.label, percent(event.confidence)];
    this.body.prepend(element("tr", {}, ...cells.map((text) => element("td", {}, text))));
    if (this.body.rows.length > MOST_ROWS) this.body.lastChild.remove();
    this.tell(event);
  }

  tell(last) {
    const { length } = this.events;
    this.count.textContent = last
      ? `${counted(length, this.what)}; the last one: ${last.label} at ${seconds(last.onset_s)}`
      : `No ${this.what}s yet`;
    this.buttons?.forEach((one) => (one.disabled = !length));
  }

  savers() {
    const save = ([label, ending, type, content]) =>
      button(label, () => download(`${this.name}${ending}`, content(this.events), type));
    this.buttons = this.formats().map(save);
    return this.buttons;
  }

  /** Formats to save in: the name, the ending, the type, and the content of events. */
  formats() {
    return [
      ["CSV", ".csv", "text/csv", (events) => csvOf(events, this.column)],
      ["Audacity labels", ".txt", "text/plain", audacityOf],
      ["Raven table", ".selections.txt", "text/plain", (events) => ravenOf(events, this.highest_hz)],
    ];
  }
}

const seconds = (time_s) => `${time_s.toFixed(2)} s`;
const percent = (share) => `${Math.round(100 * share)} %`;
const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const plain = (text) => text.replaceAll(/[\t\r\n]/g, " ");
const joined = (rows, mark) => rows.map((row) => row.join(mark) + "\n").join("");

/** A table with a header. */
export function csvOf(events, column) {
  const rows = events.map((one) => [one.onset_s, one.offset_s, quoted(one.label), one.confidence]);
  return joined([["onset_s", "offset_s", column, "confidence"], ...rows], ",");
}

/** Labels for Audacity: File > Import > Labels. */
export function audacityOf(events) {
  return joined(events.map((one) => [one.onset_s.toFixed(6), one.offset_s.toFixed(6), plain(one.label)]), "\t");
}

/** A selection table for Raven. */
export function ravenOf(events, highest_hz) {
  const heads = ["Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)"];
  const rows = events.map((one, number) => [
    ...[number + 1, "Spectrogram 1", 1, one.onset_s.toFixed(6), one.offset_s.toFixed(6), 0, highest_hz],
    ...[plain(one.label), one.confidence.toFixed(4)],
  ]);
  return joined([[...heads, "Annotation", "Confidence"], ...rows], "\t");
}
