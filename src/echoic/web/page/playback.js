/** Runs in the audio thread: plays samples of another rate as they come, without a gap between blocks. */

const TAPS = 32;
const PHASES = 512;

class Playback extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate_hz, most_s } }) {
    super();
    this.most = most_s * rate_hz;
    this.step = rate_hz / sampleRate;
    this.kernels = Array.from({ length: PHASES }, (_, phase) => kernel(phase / PHASES, Math.min(1, 1 / this.step)));
    this.blocks = [];
    this.recent = new Float32Array(TAPS); // the samples around the place that is played
    this.place = 0; // between the two in the middle
    this.at = 0;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  take(data) {
    if (data === "stop") {
      Object.assign(this, { blocks: [], at: 0 });
      return;
    }
    this.blocks.push(data);
    while (this.waiting > this.most && this.blocks.length > 1) {
      this.blocks.shift();
      this.at = 0;
    }
  }

  /** Number of samples that are still to be played. */
  get waiting() {
    return this.blocks.reduce((sum, block) => sum + block.length, -this.at);
  }

  process(_inputs, [[output]]) {
    for (let at = 0; at < output.length; at++) {
      for (; this.place >= 1; this.place--) {
        this.recent.copyWithin(0, 1);
        this.recent[TAPS - 1] = this.next();
      }
      const weights = this.kernels[Math.floor(this.place * PHASES)];
      let sum = 0;
      for (let tap = 0; tap < TAPS; tap++) sum += weights[tap] * this.recent[tap];
      output[at] = sum;
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

/** Weights of the samples around a place: a sinc under a Hann window, which lets through this share of the band. */
function kernel(place, band) {
  return Float32Array.from({ length: TAPS }, (_, tap) => {
    const distance = tap - (TAPS / 2 - 1) - place;
    const angle = Math.PI * band * distance;
    const window = 0.5 + 0.5 * Math.cos((2 * Math.PI * distance) / TAPS);
    return band * window * (angle ? Math.sin(angle) / angle : 1);
  });
}

registerProcessor("playback", Playback);
