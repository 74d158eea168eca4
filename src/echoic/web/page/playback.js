/** Runs in the audio thread: plays samples of another rate as they come, without a gap between blocks. */

class Playback extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate_hz } }) {
    super();
    this.step = rate_hz / sampleRate;
    this.blocks = [];
    this.recent = [0, 0, 0, 0]; // the samples around the place that is played
    this.place = 0; // between the two in the middle
    this.at = 0;
    this.port.onmessage = ({ data }) => (data === "stop" ? (this.blocks = []) : this.blocks.push(data));
  }

  process(_inputs, [[output]]) {
    for (let at = 0; at < output.length; at++) {
      for (; this.place >= 1; this.place--) {
        this.recent.shift();
        this.recent.push(this.next());
      }
      output[at] = between(this.recent, this.place);
      this.place += this.step;
    }
    return true;
  }

  next() {
    const [block] = this.blocks;
    if (!block) return 0;
    const sample = block[this.at++];
    if (this.at === block.length) {
      this.blocks.shift();
      this.at = 0;
    }
    return sample;
  }
}

/** The cubic curve through four samples, between the second and the third. */
function between([a, b, c, d], place) {
  const slope = (c - a) / 2;
  const second = a - 2.5 * b + 2 * c - d / 2;
  const third = (d - a) / 2 + 1.5 * (b - c);
  return ((third * place + second) * place + slope) * place + b;
}

registerProcessor("playback", Playback);
