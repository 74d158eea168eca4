/** The page: which runs are shown, and what feeds them. */

import { choice, element } from "./dom.js";
import { Listening, Reading } from "./inputs.js";
import { RunPanel } from "./panel.js";
import { TeachPage } from "./teach.js";

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
    return run.takes === "sound" ? new Listening(this.panels) : new Reading(this.panels);
  }
}

/** Whether two runs can read the same input. */
const readsTheSame = (one, other) =>
  ![one, other].some((run) => run.generates) && one.takes === other.takes && `${one.features}` === `${other.features}`;

const response = await fetch("/runs");
if (response.ok) {
  const teaching = await fetch("/teach");
  new Page(await response.json(), teaching.status === 200 ? await teaching.json() : undefined);
} else document.getElementById("main").textContent = await response.text();
