/** Plays sound of any rate as it comes. */

export class Player {
  constructor(rate_hz) {
    this.rate_hz = rate_hz;
  }

  /** Opens the output; browsers want this after a press of the user. */
  open() {
    this.ready ??= this.prepare();
    return this.ready;
  }

  async prepare() {
    this.context = new AudioContext();
    await this.context.audioWorklet.addModule("/files/playback.js");
    const options = { numberOfInputs: 0, outputChannelCount: [1], processorOptions: { rate_hz: this.rate_hz } };
    this.node = new AudioWorkletNode(this.context, "playback", options);
    this.node.connect(this.context.destination);
    await this.context.resume();
  }

  async play(samples) {
    await this.open();
    this.node.port.postMessage(samples);
  }

  stop() {
    this.node?.port.postMessage("stop");
  }

  close() {
    this.context?.close();
  }
}
