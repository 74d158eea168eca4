/** What feeds the panels of runs: sound or values, from this page or from a sensor that it follows. */

import { Follower } from "./follower.js";
import { Hearing } from "./hearing.js";
import { SoundInput } from "./soundinput.js";
import { ValuesInput } from "./valuesinput.js";

/** Values for all panels. */
export class Reading {
  constructor(panels) {
    this.panels = panels;
    this.input = new ValuesInput(panels[0].run.features, this);
    this.follower = new Follower(panels, this);
    this.root = this.input.root;
    this.root.append(this.follower.root);
  }

  close() {
    this.input.close();
  }

  isBusy() {
    return this.panels.some(({ channel }) => channel.isBusy || !channel.canPush);
  }

  onRows(values) {
    this.follower.stop();
    this.push(values);
  }

  onFollow() {
    this.input.close();
  }

  onShared({ values }) {
    this.push(values);
  }

  onEnd() {}

  push(values) {
    this.panels.forEach((panel) => panel.pushRows(values));
  }
}

/** The microphone, a file or a sensor for all panels, with a spectrogram. */
export class Listening extends Hearing {
  constructor(panels) {
    super(panels);
    this.input = new SoundInput(this, { isEffect: panels.some(({ run }) => run.gives === "sound") });
    this.follower = new Follower(panels, this);
    this.root = this.input.root;
    this.root.append(this.follower.root, this.spectrogram.root);
  }

  close() {
    this.input.close();
  }

  onBegin(rate_hz) {
    this.follower.stop();
    super.onBegin(rate_hz);
  }

  onFollow() {
    if (this.input.source) this.input.stop();
  }

  onSource({ rate_hz = this.panels[0].run.rate_hz }) {
    this.show(rate_hz);
  }

  onShared(_message, samples) {
    const came_ms = performance.now();
    this.onBlock({ samples, age: () => (performance.now() - came_ms) / 1000 });
  }
}
