/** A file of sound in place of the microphone: decoded by the browser, played in blocks at its own rate. */

const BLOCK_S = 0.02;
const WAIT_MS = 50;
const FASTEST = 3; // times real time; the server allows a little more
const USUAL_HZ = 48_000;
const [LOWEST_HZ, HIGHEST_HZ] = [8000, 96_000]; // what every browser decodes to

export class SoundFile {
  /** As a microphone; while `isReady` is false, the file waits. */
  constructor(file, onBlock, onState, isReady) {
    Object.assign(this, { file, onBlock, onState, isReady });
  }

  /** Decodes it; false if that failed. */
  async open() {
    this.onState("opening", `Reading ${this.file.name} …`);
    try {
      const bytes = await this.file.arrayBuffer();
      const rate_hz = rateOf(new DataView(bytes)) ?? USUAL_HZ;
      const fitting = rate_hz >= LOWEST_HZ && rate_hz <= HIGHEST_HZ ? rate_hz : USUAL_HZ;
      this.buffer = await new OfflineAudioContext(1, 1, fitting).decodeAudioData(bytes);
    } catch {
      this.onState("failed", `${this.file.name} is no sound that this browser can read; try WAV, FLAC, OGG or MP3.`);
      return false;
    }
    this.samples = mixed(this.buffer);
    return true;
  }

  /** Plays it, audibly or as fast as it goes; resolves at its end. */
  async play(isAudible) {
    const { rate_hz, samples } = { rate_hz: this.buffer.sampleRate, samples: this.samples };
    this.onState("open", `${this.file.name}: ${(samples.length / rate_hz).toFixed(1)} s at ${rate_hz} Hz.`);
    if (isAudible) this.sound();
    const block = Math.round(BLOCK_S * rate_hz);
    let due_ms = performance.now();
    for (let at = 0; at < samples.length && !this.isClosed; at += block) {
      due_ms += (1000 * BLOCK_S) / (isAudible ? 1 : FASTEST);
      if (due_ms > performance.now()) await slept(due_ms - performance.now());
      while (!this.isReady() && !this.isClosed) {
        await slept(WAIT_MS);
        due_ms = performance.now();
      }
      const sent_ms = performance.now();
      const age = () => (performance.now() - sent_ms) / 1000;
      this.onBlock({ samples: samples.slice(at, at + block), rate_hz, age });
    }
    return !this.isClosed;
  }

  sound() {
    this.context = new AudioContext();
    const source = new AudioBufferSourceNode(this.context, { buffer: this.buffer });
    source.connect(this.context.destination);
    source.start();
  }

  close() {
    this.isClosed = true;
    this.context?.close();
  }
}

const slept = (time_ms) => new Promise((wake) => setTimeout(wake, time_ms));

function mixed(buffer) {
  const samples = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const own = buffer.getChannelData(channel);
    for (let at = 0; at < samples.length; at++) samples[at] += own[at] / buffer.numberOfChannels;
  }
  return samples;
}

/** The rate that a WAV or FLAC file states, so that the browser does not change it; undefined for other files. */
export function rateOf(bytes) {
  const text = (at) => String.fromCharCode(...[0, 1, 2, 3].map((place) => bytes.getUint8(at + place)));
  if (bytes.byteLength < 44) return undefined;
  if (text(0) === "fLaC") return bytes.getUint32(18) >>> 12;
  if (text(0) !== "RIFF") return undefined;
  for (let at = 12; at + 16 < bytes.byteLength; at += 8 + bytes.getUint32(at + 4, true) + (bytes.getUint8(at + 4) & 1)) {
    if (text(at) === "fmt ") return bytes.getUint32(at + 12, true);
  }
  return undefined;
}
