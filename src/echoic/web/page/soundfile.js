/** A file of sound in place of the microphone: decoded by the browser, played in blocks at its own rate. */

import { decoded } from "./decoding.js";

const BLOCK_S = 0.02;
const WAIT_MS = 50;
const FASTEST = 3; // times real time; the server allows a little more

export class SoundFile {
  /** As a microphone; while `isReady` is false, the file waits. */
  constructor(file, onBlock, onState, isReady) {
    Object.assign(this, { file, onBlock, onState, isReady });
  }

  /** Decodes it; false if that failed. */
  async open() {
    this.onState("opening", `Reading ${this.file.name} …`);
    try {
      this.sound = await decoded(await this.file.arrayBuffer());
    } catch {
      this.onState("failed", `${this.file.name} is no sound that this browser can read; try WAV, FLAC, OGG or MP3.`);
      return false;
    }
    return true;
  }

  /** Plays it at its own pace, or as fast as it goes, audibly or not; resolves at its end. */
  async play({ isPaced, isAudible }) {
    const { rate_hz, samples } = this.sound;
    this.onState("open", `${this.file.name}: ${(samples.length / rate_hz).toFixed(1)} s at ${rate_hz} Hz.`);
    if (isAudible) this.makeAudible();
    const block = Math.round(BLOCK_S * rate_hz);
    let due_ms = performance.now();
    for (let at = 0; at < samples.length && !this.isClosed; at += block) {
      due_ms += (1000 * BLOCK_S) / (isPaced ? 1 : FASTEST);
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

  makeAudible() {
    this.context = new AudioContext();
    const source = new AudioBufferSourceNode(this.context, { buffer: this.sound.buffer });
    source.connect(this.context.destination);
    source.start();
  }

  close() {
    this.isClosed = true;
    this.context?.close();
  }
}

const slept = (time_ms) => new Promise((wake) => setTimeout(wake, time_ms));
