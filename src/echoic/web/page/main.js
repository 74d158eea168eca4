/** The page: which runs are shown, and what feeds them. */

import { choice, element } from "./dom.js";
import { Hearing } from "./hearing.js";
import { RunPanel } from "./panel.js";
import { SoundInput } from "./soundinput.js";
import { TeachPage } from "./teach.js";
import { ValuesInput } from "./valuesinput.js";

const TEACHING = ""; // in place of the name of a run

class Page {
  /** `taught` is what `/teach` answers, if the page teaches. */
  constructor(runs, taught) {
    this.setRuns(runs);
    this.taught = taught;
    this.main = document.getElementById("main");
    this.panels = [];
    this.first = this.runs.has(location.hash.slice(1)) ? location.hash.slice(1) : taught ? TEACHING : runs[0].run;
    this.second = "";
    this.show();
  }

  setRuns(runs) {
    this.runs = new Map(runs.map((run) => [run.run, run]));
  }

  show() {
    this.panels.forEach((panel) => panel.close());
    this.input?.close?.();
    if (this.first === TEACHING) this.showTeaching();
    else this.showRun();
  }

  showTeaching() {
    this.panels = [];
    this.input = new TeachPage(this.taught, (runs) => {
      this.setRuns(runs);
      this.showChoices();
    });
    this.main.replaceChildren(this.input.root);
    this.showChoices();
    document.title = `Teach ${this.taught.run} · echoic live`;
  }

  showRun() {
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
    if (this.taught) names.unshift([TEACHING, `Teach ${this.taught.run}`]);
    const others = [...this.runs.values()].filter((run) => first && run !== first && readsTheSame(run, first));
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
    if (run.takes === "sound") return listeningFor(this.panels);
    return new ValuesInput(run.features, {
      onRows: (values) => this.panels.forEach((panel) => panel.pushRows(values)),
      isBusy: () => this.panels.some((panel) => panel.channel.isBusy),
    });
  }
}

/** Whether two runs can read the same input. */
const readsTheSame = (one, other) =>
  ![one, other].some((run) => run.generates) && one.takes === other.takes && `${one.features}` === `${other.features}`;

/** The microphone or a file for all panels, with a spectrogram. */
function listeningFor(panels) {
  const hearing = new Hearing(panels);
  const input = new SoundInput(hearing);
  input.root.append(hearing.root);
  return input;
}

const response = await fetch("/runs");
if (response.ok) {
  const teaching = await fetch("/teach");
  new Page(await response.json(), teaching.status === 200 ? await teaching.json() : undefined);
} else document.getElementById("main").textContent = await response.text();
