/** What a transcriber writes: the line that goes on, and the lines that have ended. */

import { element } from "./dom.js";
import { EventList, audacityOf, csvOf } from "./eventlist.js";
import { pauseSlider } from "./pauseslider.js";

const BEGINNING = "Text appears here while sound comes.";

export class TranscribeView {
  constructor(channel, hello) {
    this.channel = channel;
    this.pause_s = 1;
    this.time = element("span", { className: "time" });
    this.text = element("span", { "aria-label": "The line so far" });
    this.current = element("p", { className: "made line" }, this.time, this.text);
    this.list = new LineList(hello.run, "line");
    const delay =
      "Grey text may still change; a pause ends a line, and makes it final. " +
      `A step of the network is complete ${Math.round(1000 * hello.delay_s)} ms after its sound.`;
    const note = element("p", { className: "note" }, delay);
    this.root = element("div", {}, this.current, this.list.root, note, pauseSlider(this, "line"));
    this.show(undefined);
  }

  start(rate_hz) {
    return { options: { rate_hz, pause_s: this.pause_s } };
  }

  remember() {
    return [...this.list.events];
  }

  recall(lines = []) {
    this.list.clear();
    lines.forEach((line) => this.list.add(line));
  }

  onRestart() {
    this.list.clear();
    this.show(undefined);
  }

  onResult({ records }) {
    for (const { text, ...line } of records.filter((one) => one.ended)) this.list.add({ ...line, label: text });
    this.show(records.find((one) => !one.ended));
  }

  /** Shows the line that goes on; undefined between two lines. */
  show(line) {
    this.time.textContent = line ? `${line.onset_s.toFixed(1)} s ` : "";
    this.text.textContent = line?.text ?? (this.list.events.length ? "…" : BEGINNING);
  }
}

/** Lines of text, which can be saved as subtitles. */
class LineList extends EventList {
  get column() {
    return "text";
  }

  formats() {
    return [
      ["CSV", ".csv", "text/csv", (lines) => csvOf(lines, this.column)],
      ["Subtitles (SRT)", ".srt", "text/plain", srtOf],
      ["Audacity labels", ".txt", "text/plain", audacityOf],
    ];
  }
}

function srtOf(lines) {
  const one = ({ onset_s, offset_s, label }, number) =>
    `${number + 1}\n${clock(onset_s)} --> ${clock(offset_s)}\n${label}\n`;
  return lines.map(one).join("\n");
}

/** A time such as 00:01:02,345. */
function clock(time_s) {
  const ms = Math.round(1000 * time_s);
  const padded = (value, digits) => String(Math.floor(value)).padStart(digits, "0");
  const parts = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60].map((part) => padded(part, 2));
  return `${parts.join(":")},${padded(ms % 1000, 3)}`;
}
