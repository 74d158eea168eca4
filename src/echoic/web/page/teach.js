/** The page that makes a run: show examples, train, try; for people who do not type commands. */

import { ClassList } from "./classlist.js";
import { element, whenDropped } from "./dom.js";
import { droppedFiles } from "./droppedfiles.js";
import { Recorder } from "./recorder.js";
import { Replayer } from "./replayer.js";
import { SoundInput } from "./soundinput.js";
import { TeachClient } from "./teachclient.js";
import { TrainStep } from "./trainstep.js";
import { TryStep } from "./trystep.js";

const TRAINING_MS = 500;
const OTHERWISE_MS = 5000; // other pages, and the folder itself, change examples too

export class TeachPage {
  /** `state` is the answer of `/teach`; `onRuns` is called with all runs when the taught one is new. */
  constructor(state, onRuns) {
    this.recorder = new Recorder();
    this.replayer = new Replayer();
    this.client = new TeachClient((answer) => this.show(answer), (kind, text) => this.showStatus(kind, text));
    this.list = new ClassList(this.client, this);
    this.training = new TrainStep(this.client);
    this.trying = new TryStep(this.client, onRuns);
    this.input = new SoundInput(this, { filesIn: this.trying.files });
    this.input.root.classList.add("studio");
    this.status = element("p", { role: "alert", className: "error" });
    this.root = element(
      "div",
      { className: "teach" },
      this.status,
      this.input.root,
      element("div", { className: "steps" }, this.list.root, element("div", {}, this.training.root, this.trying.root)),
    );
    whenDropped(this.root, (transfer) => this.list.upload(droppedFiles(transfer)));
    this.show(state);
    this.timer = setInterval(() => this.look(), TRAINING_MS);
  }

  close() {
    this.client.close();
    this.input.close();
    this.recorder.cancel();
    clearInterval(this.timer);
    [this.list, this.trying, this.replayer].forEach((one) => one.close());
  }

  show(state) {
    [this.list, this.training, this.trying].forEach((one) => one.show(state));
    this.isTraining = ["running", "stopping"].includes(state.training.status);
    this.shown_ms = performance.now();
  }

  /** Asks for the state from time to time. */
  look() {
    if (performance.now() - this.shown_ms >= (this.isTraining ? TRAINING_MS : OTHERWISE_MS)) this.client.look();
  }

  showStatus(kind, text) {
    if (this.status.textContent !== text) this.status.textContent = text;
    this.status.dataset.kind = kind === "lost" ? "lost" : "";
  }

  /** Whether sound of the microphone comes. */
  get isListening() {
    return this.input.isListening;
  }

  /** Opens the microphone; false if that failed. */
  listen() {
    this.opening ??= this.input.listen().finally(() => (this.opening = undefined));
    return this.opening;
  }

  // What the input gives.

  isReady() {
    return this.trying.isReady();
  }

  onBegin(rate_hz) {
    this.trying.onBegin(rate_hz);
  }

  onBlock(block) {
    this.recorder.hear(block);
    this.trying.onBlock(block);
  }

  onEnd() {
    this.recorder.cancel();
    this.trying.onEnd();
  }
}
