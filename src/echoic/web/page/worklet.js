/** Runs in the audio thread: posts what the microphone hears in blocks, with the time at which each one ends. */

const BLOCK_S = 0.02;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.begin();
  }

  begin() {
    this.block = new Float32Array(Math.round(BLOCK_S * sampleRate));
    this.filled = 0;
  }

  process([channels]) {
    if (!channels.length) return true;
    const count = channels[0].length;
    for (let at = 0; at < count; at++) {
      let sum = 0;
      for (const channel of channels) sum += channel[at];
      this.block[this.filled++] = sum / channels.length;
      if (this.filled === this.block.length) this.post(at + 1);
    }
    return true;
  }

  post(ended) {
    const samples = this.block;
    this.port.postMessage({ samples, end_s: (currentFrame + ended) / sampleRate }, [samples.buffer]);
    this.begin(); // what was posted is gone from here
  }
}

registerProcessor("capture", Capture);
