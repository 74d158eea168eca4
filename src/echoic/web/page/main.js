/** The page: which runs are shown, and what feeds them. */

import { choice, element } from "./dom.js";
import { RunPanel } from "./panel.js";
import { SoundInput } from "./soundinput.js";
import { Spectrogram } from "./spectrogram.js";
import { ValuesInput } from "./valuesinput.js";

class Page {
  constructor(runs) {
    this.runs = new Map(runs.map((run) => [run.run, run]));
    this.main = document.getElementById("main");
    this.panels = [];
    this.first = this.runs.has(location.hash.slice(1)) ? location.hash.slice(1) : runs[0].run;
    this.second = "";
    this.show();
  }

  show() {
    this.panels.forEach((panel) => panel.close());
    this.input?.close?.();
    const first = this.runs.get(this.first);
    this.panels = [this.first, this.second].filter(Boolean).map((name) => new RunPanel(this.runs.get(name)));
    this.input = this.inputFor(first);
    this.main.replaceChildren(
      ...(this.input ? [this.input.root] : []),
      element("div", { className: "panels" }, ...this.panels.map((panel) => panel.root)),
    );
    this.showChoices(first);
    document.title = `${this.first} · echoic live`;
  }

  /** A choice of the run, and of another one that takes the same input. */
  showChoices(first) {
    const names = [...this.runs.values()].map((run) => [run.run, `${run.run} (${run.job})`]);
    const others = [...this.runs.values()].filter((run) => run !== first && readsTheSame(run, first));
    const box = document.getElementById("choice");
    box.replaceChildren();
    if (names.length > 1) box.append(this.chooser("Run", names, "first"));
    if (others.length) {
      box.append(this.chooser("beside it", [["", "none"], ...others.map((run) => [run.run, run.run])], "second"));
    }
  }

  chooser(label, options, which) {
    const made = choice(label, options, (name) => {
      if (which === "first") this.second = "";
      this[which] = name;
      this.show();
    });
    made.querySelector("select").value = this[which];
    return made;
  }

  inputFor(run) {
    if (run.generates) return undefined; // those that answer have their own controls
    if (run.takes === "sound") return new Listening(this.panels);
    return new ValuesInput(run.features, {
      onRows: (values) => this.panels.forEach((panel) => panel.pushRows(values)),
      isBusy: () => this.panels.some((panel) => panel.channel.isBusy),
    });
  }
}

/** Whether two runs can read the same input. */
const readsTheSame = (one, other) =>
  ![one, other].some((run) => run.generates) && one.takes === other.takes && `${one.features}` === `${other.features}`;

/** Sound for all panels, with its spectrogram. */
class Listening {
  constructor(panels) {
    this.panels = panels;
    this.spectrogram = new Spectrogram();
    this.input = new SoundInput(this);
    this.root = this.input.root;
    this.root.append(this.spectrogram.root);
  }

  close() {
    this.input.close();
  }

  isReady() {
    return this.panels.every((panel) => panel.channel.canPush);
  }

  onBegin(rate_hz) {
    this.spectrogram.begin(rate_hz, Math.min(rate_hz / 2, Math.max(...this.panels.map(({ run }) => run.rate_hz / 2))));
    this.panels.forEach((panel) => panel.begin(rate_hz));
  }

  onBlock({ samples, rate_hz, age }) {
    this.panels.forEach((panel) => panel.push(samples, samples.length, age));
    this.spectrogram.push(samples);
  }

  onEnd() {
    this.panels.forEach((panel) => panel.channel.finish());
  }
}

const response = await fetch("/runs");
if (response.ok) new Page(await response.json());
else document.getElementById("main").textContent = await response.text();
