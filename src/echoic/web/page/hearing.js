/** Sound that comes in, for the panels of runs, with its spectrogram. */

import { Spectrogram } from "./spectrogram.js";

export class Hearing {
  constructor(panels) {
    this.panels = panels;
    this.spectrogram = new Spectrogram();
    this.root = this.spectrogram.root;
  }

  isReady() {
    return this.panels.every((panel) => panel.channel.canPush);
  }

  onBegin(rate_hz) {
    this.show(rate_hz);
    this.panels.forEach((panel) => panel.begin(rate_hz));
  }

  /** Clears the spectrogram for sound of a rate. */
  show(rate_hz) {
    this.spectrogram.begin(rate_hz, Math.min(rate_hz / 2, Math.max(...this.panels.map(({ run }) => run.rate_hz / 2))));
  }

  onBlock({ samples, age }) {
    this.panels.forEach((panel) => panel.push(samples, samples.length, age));
    this.spectrogram.push(samples);
  }

  onEnd() {
    this.panels.forEach((panel) => panel.channel.finish());
  }
}
