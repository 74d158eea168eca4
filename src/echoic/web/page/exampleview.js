/** One example of a class: its waveform, which plays it, and buttons to trim and to delete it. */

import { button, element } from "./dom.js";
import { Waveform } from "./waveform.js";

const SHAPE = { height: 44, bars: 140 };
const QUIET = 0.01; // -40 dB
const CUT_OFF = 0.999;

/** Reads the sound of an example once it is about to come into view. */
const visible = new IntersectionObserver(
  (entries) => entries.filter((one) => one.isIntersecting).forEach(({ target }) => target.view.load()),
  { rootMargin: "300px" },
);

export class ExampleView {
  /** `actions` has load(name), play(sound), trim(name, sound), removeExample(name) and isBackground, all of one class. */
  constructor(className, name, actions) {
    Object.assign(this, { name, actions });
    const label = `${name} of ${className}`;
    this.length = element("span", { className: "length" });
    this.playButton = button("", () => this.play(), { className: "play", "aria-label": `Play ${label}` });
    const trim = { className: "trim", "aria-label": `Trim ${label}` };
    const remove = { className: "delete", "aria-label": `Delete ${label}`, title: "Delete" };
    this.root = element(
      "li",
      { className: "example" },
      this.playButton,
      element(
        "div",
        {},
        this.length,
        button("Trim", () => this.trim(), trim),
        button("×", () => actions.removeExample(name), remove),
      ),
    );
    this.root.view = this;
  }

  show({ seconds, peak, problem }) {
    const isNew = seconds !== this.seconds || peak !== this.peak;
    Object.assign(this, { seconds, peak });
    if (problem) this.length.textContent = problem;
    if (problem || !isNew) return;
    const note = peak >= CUT_OFF ? " · cut off: too loud" : peak < QUIET && !this.actions.isBackground ? " · quiet" : "";
    this.length.textContent = `${seconds.toFixed(1)} s${note}`;
    this.sound = undefined;
    visible.unobserve(this.root);
    visible.observe(this.root);
  }

  close() {
    visible.unobserve(this.root);
  }

  load() {
    visible.unobserve(this.root);
    this.sound ??= this.read();
    return this.sound;
  }

  async read() {
    const sound = await this.actions.load(this.name);
    if (!sound) return undefined;
    const wave = new Waveform(`Waveform of ${this.name}`, sound.samples.length / sound.rate_hz, SHAPE);
    wave.add(sound.samples, sound.rate_hz, "you");
    this.playButton.replaceChildren(wave.root);
    return sound;
  }

  async play() {
    const sound = await this.load();
    if (sound) this.actions.play(sound);
  }

  async trim() {
    const sound = await this.load();
    if (sound) this.actions.trim(this.name, sound);
  }
}
