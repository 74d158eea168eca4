/** A small piano-like voice for each note. */

const ATTACK_S = 0.005;
const RELEASE_S = 0.15;
const DECAY_S = 1.2;
const LOUDEST = 0.22;

export class Synth {
  constructor() {
    this.voices = new Map();
  }

  /** Opens the output; browsers want this after a press of the user. */
  open() {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") this.context.resume();
    return this.context;
  }

  noteOn(pitch, softer = 1) {
    const context = this.open();
    this.noteOff(pitch);
    const now = context.currentTime;
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.linearRampToValueAtTime(LOUDEST * softer, now + ATTACK_S);
    gain.gain.setTargetAtTime(LOUDEST * softer * 0.2, now + ATTACK_S, DECAY_S / 3);
    gain.connect(context.destination);
    const frequency = 440 * 2 ** ((pitch - 69) / 12);
    const oscillator = new OscillatorNode(context, { type: "triangle", frequency });
    oscillator.connect(gain);
    oscillator.start();
    this.voices.set(pitch, { gain, oscillator });
  }

  noteOff(pitch) {
    const voice = this.voices.get(pitch);
    if (!voice) return;
    this.voices.delete(pitch);
    const now = this.context.currentTime;
    voice.gain.gain.cancelAndHoldAtTime?.(now);
    voice.gain.gain.setTargetAtTime(0, now, RELEASE_S / 3);
    voice.oscillator.stop(now + 2 * RELEASE_S);
  }

  silence() {
    [...this.voices.keys()].forEach((pitch) => this.noteOff(pitch));
  }

  close() {
    this.context?.close();
  }
}
