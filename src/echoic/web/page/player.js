/** Plays sound of any rate as it comes. */

export class Player {
  /** What waits for longer than `most_s` seconds is left out, so that live sound stays live. */
  constructor(rate_hz, most_s = Infinity) {
    this.rate_hz = rate_hz;
    this.most_s = most_s;
  }

  /** Opens the output; browsers want this after a press of the user. */
  open() {
    this.ready ??= this.prepare();
    return this.ready;
  }

  async prepare() {
    this.context = new AudioContext();
    try {
      await this.connect();
    } catch (error) {
      if (!this.isClosed) throw error;
    }
  }

  async connect() {
    await this.context.audioWorklet.addModule("/files/playback.js");
    if (this.isClosed) return;
    const options = { numberOfInputs: 0, outputChannelCount: [1], processorOptions: { rate_hz: this.rate_hz, most_s: this.most_s } };
    this.node = new AudioWorkletNode(this.context, "playback", options);
    this.node.connect(this.context.destination);
    await this.context.resume();
  }

  async play(samples) {
    await this.open();
    this.node?.port.postMessage(samples);
  }

  stop() {
    this.node?.port.postMessage("stop");
  }

  /** Ends it for good, also while it opens. */
  close() {
    this.isClosed = true;
    this.context?.close();
  }
}
