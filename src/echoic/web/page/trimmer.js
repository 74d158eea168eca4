/** A dialog in which an example is heard, and trimmed by a handle at each end. */

import { button, element } from "./dom.js";
import { opened } from "./dialog.js";
import { Waveform } from "./waveform.js";

const STEP_S = 0.01;
const SHORTEST_S = 0.1;

/** Opens it; `actions` has play(sound), trim(begin_s, end_s) and remove(). */
export function openTrimmer(label, sound, actions) {
  new Trimmer(label, sound, actions);
}

class Trimmer {
  constructor(label, sound, actions) {
    Object.assign(this, { sound, actions, seconds: sound.samples.length / sound.rate_hz });
    this.begin_s = 0;
    this.end_s = this.seconds;
    const wave = new Waveform(`Waveform of ${label}`, this.seconds, { height: 150, bars: 340 });
    wave.add(sound.samples, sound.rate_hz, "you");
    this.beginHandle = this.handle("Begin", 0, () => this.move("begin"));
    this.endHandle = this.handle("End", this.seconds, () => this.move("end"));
    this.before = element("div", { className: "cut before" });
    this.after = element("div", { className: "cut after" });
    this.part = element("p", { className: "note" });
    const keep = () => this.close(() => actions.trim(this.begin_s, this.end_s));
    this.keep = button("Keep only this part", keep, { className: "main" });
    const row = [
      button("Play", () => this.play(), { autofocus: true }),
      this.keep,
      button("Delete", () => this.close(actions.remove), { className: "warm" }),
      button("Close", () => this.dialog.close()),
    ];
    const handles = [this.before, this.after, this.beginHandle, this.endHandle];
    const picture = element("div", { className: "trimmer" }, wave.root, ...handles);
    const children = [element("h2", {}, label), picture, this.part, element("div", { className: "row" }, ...row)];
    this.show();
    this.dialog = opened(`Trim ${label}`, children);
    this.dialog.classList.add("wide");
  }

  handle(label, value, act) {
    const made = element("input", { type: "range", min: 0, max: this.seconds, step: STEP_S, "aria-label": label });
    made.value = value;
    made.oninput = act;
    return made;
  }

  /** Moves a handle, but not beyond the other one. */
  move(which) {
    const shortest_s = Math.min(SHORTEST_S, this.seconds);
    if (which === "begin") this.begin_s = Math.min(Number(this.beginHandle.value), this.end_s - shortest_s);
    // The last step may end before the sound does.
    const end_s = Number(this.endHandle.value) > this.seconds - STEP_S ? this.seconds : Number(this.endHandle.value);
    if (which === "end") this.end_s = Math.max(end_s, this.begin_s + shortest_s);
    this.show();
  }

  show() {
    const { begin_s, end_s, seconds } = this;
    this.beginHandle.value = begin_s;
    this.endHandle.value = end_s;
    this.beginHandle.ariaValueText = `${begin_s.toFixed(2)} s`;
    this.endHandle.ariaValueText = `${end_s.toFixed(2)} s`;
    this.before.style.width = `${(100 * begin_s) / seconds}%`;
    this.after.style.width = `${100 * (1 - end_s / seconds)}%`;
    this.part.textContent = `From ${begin_s.toFixed(2)} s to ${end_s.toFixed(2)} s, of ${seconds.toFixed(2)} s`;
    this.keep.disabled = begin_s === 0 && end_s === seconds;
  }

  play() {
    const { samples, rate_hz } = this.sound;
    const [from, to] = [this.begin_s, this.end_s].map((time_s) => Math.round(time_s * rate_hz));
    this.actions.play({ samples: samples.slice(from, to), rate_hz });
  }

  close(act) {
    this.dialog.close();
    act();
  }
}
