/** The grid of a run of music: its steps last a part of a beat, which is a quarter note, or a time. */

export class Grid {
  constructor({ step_beats, step_s }) {
    Object.assign(this, { step_beats, step_s, beats_per_minute: 100 });
  }

  /** The duration of a step in beats. */
  get beats() {
    return this.step_beats ?? (this.step_s * this.beats_per_minute) / 60;
  }

  get step_ms() {
    return (60_000 / this.beats_per_minute) * this.beats;
  }

  /** The first step that begins with a beat, or after it. */
  stepOf(beat) {
    return Math.ceil(beat / this.beats - 1e-6);
  }

  /** Whether a step is the first one of a beat. */
  isBeat(step) {
    return this.stepOf(Math.floor(step * this.beats + 1e-6)) === step;
  }
}
