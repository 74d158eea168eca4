/** Two ways in which the music may go on, side by side, to be heard and saved. */

import { button, element } from "./dom.js";
import { Metronome } from "./metronome.js";
import { PianoRoll } from "./pianoroll.js";

const STEPS = 32;

export class MusicFutures {
  /** `generate(length, seed, id)` asks for them; `save(steps, name)` puts one into a file. */
  constructor(performer, grid, generate, save) {
    this.performer = performer;
    this.grid = grid;
    this.generate = generate;
    this.save = save;
    this.made = new Map();
    this.metronome = new Metronome(grid, () => this.playStep());
    this.root = element("div", { className: "futures" });
  }

  begin() {
    this.stop();
    this.made.clear();
    this.root.replaceChildren(...["A", "B"].map((name) => this.future(name)));
  }

  /** Whether what was generated belongs here. */
  take({ id, steps }) {
    const future = this.made.get(id);
    future?.steps.push(...steps.map((step) => ({ ...step, by: "network" })));
    future?.roll.changed();
    return future !== undefined;
  }

  future(name) {
    const [title, id, steps] = [`Future ${name}`, `future ${name}`, []];
    const roll = new PianoRoll(title, this.grid, steps, STEPS);
    this.made.set(id, { steps, roll });
    this.generate(STEPS, Math.floor(Math.random() * 2 ** 31), id);
    const buttons = [
      button("Play it", () => this.play(steps), { "aria-label": `Play ${id}` }),
      button("Save as MIDI", () => this.save(steps, id), { "aria-label": `Save ${id} as MIDI` }),
    ];
    return element("div", {}, element("h3", {}, title), roll.root, element("div", { className: "row" }, ...buttons));
  }

  play(steps) {
    this.stop();
    this.queue = [...steps];
    this.metronome.start();
  }

  playStep() {
    const step = this.queue.shift();
    if (step) this.performer.play(step);
    else this.stop();
  }

  stop() {
    if (this.metronome.isOn) this.performer.hush();
    this.metronome.stop();
  }
}
