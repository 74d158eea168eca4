/** Calls at each step of a grid; and a click. */

export class Metronome {
  constructor(grid, onStep) {
    this.grid = grid;
    this.onStep = onStep;
  }

  get isOn() {
    return this.timer !== undefined;
  }

  start() {
    this.stop();
    this.due_ms = performance.now();
    this.timer = setTimeout(() => this.tick(), 0);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  tick() {
    // Late steps do not pile up.
    this.due_ms = Math.max(this.due_ms + this.grid.step_ms, performance.now());
    this.timer = setTimeout(() => this.tick(), this.due_ms - performance.now());
    this.onStep();
  }
}

/** A short click in an audio context. */
export function click(context) {
  const gain = new GainNode(context, { gain: 0.05 });
  gain.gain.setTargetAtTime(0, context.currentTime + 0.01, 0.01);
  const tone = new OscillatorNode(context, { frequency: 1800 });
  tone.connect(gain).connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + 0.08);
}
