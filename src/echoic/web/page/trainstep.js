/** The second step: one button trains; progress, what it has reached, and a button that stops it. */

import { Curve } from "./curve.js";
import { button, element } from "./dom.js";

const ENOUGH = 5;
const UNEQUAL = 3; // times as many examples
const VARIED = "best as loud and as near as they will be";

export class TrainStep {
  constructor(client) {
    this.client = client;
    this.startButton = button("Train", () => this.ask("POST"), { className: "main train" });
    this.stopButton = button("Stop", () => this.ask("DELETE"), { className: "stop" });
    this.problem = element("p", { id: "training-problem", className: "note", role: "status" });
    this.startButton.setAttribute("aria-describedby", this.problem.id);
    this.advice = element("ul", { className: "advice", "aria-label": "Advice" });
    this.progress = element("progress", { max: 1, "aria-label": "Progress of the training" });
    this.stage = element("span", { className: "note" });
    this.running = element("div", { className: "row" }, this.progress, this.stage);
    this.message = element("p", { role: "status", className: "status" });
    this.curve = new Curve();
    this.root = element(
      "section",
      { className: "step card", "aria-label": "Train" },
      element("h2", {}, element("span", { className: "number" }, "2"), " Train"),
      element("div", { className: "row" }, this.startButton, this.stopButton, this.problem),
      this.advice,
      this.running,
      this.message,
      this.curve.root,
    );
  }

  show(state) {
    const { status, evaluations } = state.training;
    const isRunning = ["running", "stopping"].includes(status);
    this.showButtons(state, isRunning);
    said(this.problem, isRunning ? "" : (state.problem ?? outdated(state)));
    const advice = isRunning ? [] : adviceOn(state.classes);
    if (`${advice}` !== this.advised) this.advice.replaceChildren(...advice.map((text) => element("li", {}, text)));
    this.advised = `${advice}`;
    this.running.hidden = !isRunning;
    if (isRunning) this.showProgress(state.training);
    said(this.message, sentence(state.training));
    this.message.dataset.kind = status === "failed" ? "failed" : "";
    this.curve.root.hidden = !evaluations.length;
    this.curve.show(evaluations);
  }

  /** One of the two; the focus goes on from one to the other. */
  showButtons({ problem, is_ready, training }, isRunning) {
    const isFocused = [this.startButton, this.stopButton].includes(document.activeElement);
    this.startButton.textContent = is_ready ? "Train again" : "Train";
    this.startButton.disabled = isRunning || Boolean(problem);
    this.stopButton.disabled = training.status === "stopping";
    this.startButton.hidden = isRunning;
    this.stopButton.hidden = !isRunning;
    if (isFocused) (isRunning ? this.stopButton : this.startButton).focus();
  }

  showProgress({ status, stage, fraction, seconds }) {
    this.progress.value = fraction;
    this.stage.textContent = `${status === "stopping" ? "stopping" : stage} · ${Math.round(seconds)} s`;
  }

  async ask(method) {
    try {
      await this.client.ask(method, "/teach/training", method === "POST" ? {} : undefined);
    } catch (error) {
      said(this.message, error.message);
    }
  }
}

/** Changes a sentence, but only then, so that it is not read aloud again. */
function said(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

const outdated = (state) => (state.is_outdated ? "Examples have changed since the last training." : "");

/** What became of a training. */
function sentence({ status, message, seconds, evaluations }) {
  if (status === "running") return "Training …";
  if (status === "stopping") return "Stopping; the best network so far is kept.";
  if (status === "failed") return `The training failed: ${message}`;
  if (status !== "done") return message;
  // The network that is kept is that with the lowest loss.
  const scored = evaluations.filter((one) => one.dev_accuracy !== undefined);
  const kept = scored.reduce((best, one) => (one.dev_loss < (best?.dev_loss ?? Infinity) ? one : best), undefined);
  const reached = kept ? `; of the examples held out, ${Math.round(100 * kept.dev_accuracy)} % were right` : "";
  return `Trained in ${Math.round(seconds)} s${reached}. Try it.`;
}

/** What would make the classes better, as sentences. */
function adviceOn(classes) {
  const counted = classes.map(({ name, examples }) => ({ name, count: examples.length })).filter(({ count }) => count);
  const few = counted.filter(({ count }) => count < ENOUGH).map(({ name }) => name);
  const most = counted.reduce((best, one) => (one.count > best.count ? one : best), { count: 0 });
  const behind = counted.filter(({ count }) => count >= ENOUGH && most.count > UNEQUAL * count);
  return [
    ...(few.length ? [`Fewer than ${ENOUGH} examples: ${few.join(", ")}. More make it surer, ${VARIED}.`] : []),
    ...behind.map(({ name, count }) => `${most.name} has ${most.count} examples, ${name} ${count}: more would help.`),
  ];
}
