/** The third step: what the microphone or a file gives is recognized, live, with the run as it was trained last. */

import { element } from "./dom.js";
import { Hearing } from "./hearing.js";
import { RunPanel } from "./panel.js";

export class TryStep {
  /** `onRuns` is called with all runs, when this one is new. */
  constructor(client, onRuns) {
    Object.assign(this, { client, onRuns });
    this.files = element("div", { className: "row" }); // controls of the page's input
    this.first = element("p", { className: "note" }, "Once it is trained, it recognizes here what the microphone hears.");
    this.place = element("div");
    const heading = element("h2", {}, element("span", { className: "number" }, "3"), " Try");
    const card = element("div", { className: "card" }, heading, this.first, this.files);
    this.root = element("section", { className: "step", "aria-label": "Try" }, card, this.place);
    this.files.hidden = true;
  }

  show({ run, is_ready, version }) {
    const wanted = is_ready ? version : undefined;
    if (wanted === this.version) return;
    this.version = wanted;
    if (is_ready) this.connect(run, version).catch(() => (this.version = undefined)); // the next look tries again
  }

  /** Connects to the run that was trained last. */
  async connect(name, version) {
    const { runs, run } = await this.client.run(name);
    if (!run || version !== this.version || this.client.isClosed) return;
    this.panel?.close();
    this.panel = new RunPanel(run);
    this.hearing = new Hearing([this.panel]);
    this.first.textContent = "Turn the microphone on and make a sound; a pause ends it.";
    this.files.hidden = false;
    this.place.replaceChildren(this.panel.root, element("div", { className: "card" }, this.hearing.root));
    if (this.rate_hz) this.hearing.onBegin(this.rate_hz);
    this.onRuns(runs);
  }

  close() {
    this.panel?.close();
  }

  // What the input gives.

  isReady() {
    return this.hearing?.isReady() ?? false;
  }

  onBegin(rate_hz) {
    this.rate_hz = rate_hz;
    this.hearing?.onBegin(rate_hz);
  }

  onBlock(block) {
    this.hearing?.onBlock(block);
  }

  onEnd() {
    this.rate_hz = undefined;
    this.hearing?.onEnd();
  }
}
