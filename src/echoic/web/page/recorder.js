/** Takes of what the microphone hears while a button is held, and what is wrong with them, as a sentence. */

import { peak } from "./microphone.js";

const CLICK_S = 0.1; // the noise of the button or key itself
const SHORTEST_S = 0.15;
const SILENT = 1e-4; // -80 dB: what even a silent room exceeds
const QUIET = 0.01; // -40 dB

export class Recorder {
  constructor() {
    this.takes = new Set();
  }

  /** Takes every block of the microphone. */
  hear(block) {
    for (const take of this.takes) take.add(block);
  }

  /** A new take; it ends by itself after `longest_s`. `onBlock(block, seconds)` sees it grow. */
  begin(longest_s, onBlock) {
    const take = new Take(longest_s, onBlock);
    this.takes.add(take);
    take.finished.then(() => this.takes.delete(take));
    return take;
  }

  /** The microphone is off: takes that have not ended come to nothing. */
  cancel() {
    this.takes.forEach((take) => take.cancel());
  }
}

/** `finished` resolves to { samples, rate_hz, peak }, or to undefined where the microphone went away. */
class Take {
  constructor(longest_s, onBlock) {
    Object.assign(this, { longest_s, onBlock, blocks: [], seconds: 0, peak: 0, before_s: 0 });
    this.finished = new Promise((resolve) => (this.resolve = resolve));
  }

  add(block) {
    this.before_s += block.samples.length / block.rate_hz;
    if (this.before_s < CLICK_S) return;
    this.blocks.push(block);
    this.seconds += block.samples.length / block.rate_hz;
    this.peak = Math.max(this.peak, peak(block.samples));
    this.onBlock(block, this.seconds);
    if (this.seconds >= this.longest_s) this.resolve(this.sound());
  }

  /** Ends it with what was recorded before the button was let go, whose noise is not part of it. */
  release() {
    this.resolve(this.sound());
  }

  cancel() {
    this.resolve(undefined);
  }

  sound() {
    const samples = new Float32Array(this.blocks.reduce((sum, block) => sum + block.samples.length, 0));
    let at = 0;
    for (const block of this.blocks) {
      samples.set(block.samples, at);
      at += block.samples.length;
    }
    return { samples, rate_hz: this.blocks[0]?.rate_hz, peak: this.peak };
  }
}

/** What is wrong with a take, as a sentence, and whether it may be kept; undefined if it is good. */
export function faultOf(sound, isBackground) {
  if (!sound) return { text: "The microphone went away, so that this was not added." };
  const { samples, rate_hz } = sound;
  if (samples.length < SHORTEST_S * (rate_hz ?? Infinity)) {
    return { text: "That was too short, or no sound came: hold the button while you make the sound." };
  }
  if (sound.peak < SILENT) {
    return { text: "Nothing was heard: is the microphone muted, or the wrong one? This was not added." };
  }
  if (isBackground || sound.peak >= QUIET) return undefined;
  const level = Math.round(20 * Math.log10(sound.peak));
  const text = `Too quiet to learn from (${level} dB): come nearer, or raise the level of the microphone.`;
  return { text, canKeep: true };
}
