/** Music in turns on a grid: you play, the network listens to each step, then it goes on with what you have played. */

import { button, download, element, field, slider } from "./dom.js";
import { Grid } from "./grid.js";
import { Keyboard } from "./keyboard.js";
import { Metronome, click } from "./metronome.js";
import { midiOf } from "./midifile.js";
import { MusicFutures } from "./musicfutures.js";
import { Performer } from "./performer.js";
import { PianoRoll } from "./pianoroll.js";
import { Synth } from "./synth.js";

const SHOWN = 96;
const PAUSE_STEPS = 6; // after which it answers
const ANSWER_STEPS = 32;
const PIECE = 4; // asked for at a time, so that a player who interrupts is not far behind the network

export class MusicView {
  constructor(channel, hello) {
    this.channel = channel;
    this.name = hello.run;
    this.temperature = 0.9;
    this.steps = [];
    this.struck = new Set(); // since the last step
    this.synth = new Synth();
    this.keyboard = new Keyboard(this);
    this.performer = new Performer(this.synth, this.keyboard);
    this.grid = new Grid(hello);
    this.metronome = new Metronome(this.grid, () => this.step());
    this.roll = new PianoRoll("What you have played and what the network has answered", this.grid, this.steps, SHOWN);
    this.futures = new MusicFutures(
      this.performer,
      this.grid,
      (length, seed, id) => this.generate({ length, seed, id }),
      (steps, name) => this.saveMidi(steps, `${this.name} ${name}`),
    );
    this.build();
    this.listen();
  }

  build() {
    this.playButton = button("Start", () => this.toggle(), { className: "main", "aria-pressed": "false" });
    this.answers = element("input", { type: "checkbox", checked: true });
    this.clicks = element("input", { type: "checkbox", checked: true });
    this.status = element("p", { className: "status", role: "status" }, "Press Start, play something, then pause.");
    this.surprise = element("p", { className: "note" });
    const buttons = [
      this.playButton,
      button("Answer now", () => this.answer()),
      button("Save as MIDI", () => this.saveMidi(this.steps, this.name)),
      field("answers when you pause", this.answers),
      field("metronome", this.clicks),
    ];
    const sliders = [
      slider("Beats a minute", { min: 40, max: 200, step: 1, value: 100 }, (value) => (this.grid.beats_per_minute = value)),
      slider("Temperature", { min: 0.1, max: 1.5, step: 0.05, value: 0.9 }, (value) => (this.temperature = value)),
    ];
    const rows = [buttons, sliders].map((row) => element("div", { className: "row" }, ...row));
    const parts = [this.roll.root, this.keyboard.root, this.status, ...rows, this.surprise, this.futures.root];
    this.root = element("div", {}, ...parts);
  }

  start() {
    return {};
  }

  close() {
    this.stop();
    this.keyboard.close();
    this.synth.close();
  }

  remember() {
    return [...this.steps];
  }

  recall(steps = []) {
    this.steps.splice(0, Infinity, ...steps);
    this.roll.changed();
  }

  onRestart() {
    this.recall();
    this.listen();
  }

  /** What was asked for on a connection that was lost does not come. */
  onConnected() {
    this.isWaiting = false;
  }

  /** It is the player's turn. */
  listen() {
    this.performer.hush();
    this.isAnswering = this.hasPlayed = false;
    this.silent = this.left = 0;
    this.queue = [];
  }

  onNoteOn(pitch) {
    this.futures.stop();
    this.synth.noteOn(pitch);
    this.struck.add(pitch);
    if (this.isAnswering) this.giveTurn();
    if (!this.metronome.isOn) this.toggle();
  }

  onNoteOff(pitch) {
    this.synth.noteOff(pitch);
  }

  giveTurn() {
    this.listen();
    this.status.textContent = "Your turn.";
  }

  toggle() {
    const wasOn = this.metronome.isOn;
    this.stop();
    this.status.textContent = wasOn ? "Stopped." : "Your turn.";
    this.playButton.textContent = wasOn ? "Start" : "Stop";
    this.playButton.setAttribute("aria-pressed", String(!wasOn));
    if (wasOn) return;
    this.synth.open();
    this.metronome.start();
  }

  stop() {
    this.futures.stop();
    this.metronome.stop();
    this.listen();
  }

  step() {
    if (this.isAnswering) this.playStep();
    else this.hearStep();
  }

  hearStep() {
    const pitches = [...new Set([...this.keyboard.held, ...this.struck])].sort((one, other) => one - other);
    if (this.clicks.checked && this.grid.isBeat(this.steps.length)) click(this.synth.open());
    this.silent = pitches.length ? 0 : this.silent + 1;
    this.hasPlayed ||= pitches.length > 0;
    const before = this.steps.at(-1)?.pitches ?? [];
    // The network takes a pitch that goes on for one that is held.
    const onsets = pitches.filter((one) => !before.includes(one));
    if (this.channel.push({ steps: [pitches] }, 1)) this.add({ pitches, onsets, by: "you" });
    this.struck.clear();
    if (this.answers.checked && this.hasPlayed && this.silent >= PAUSE_STEPS) this.answer();
  }

  /** The network goes on from here. */
  answer() {
    if (!this.metronome.isOn) this.toggle();
    this.listen();
    this.isAnswering = true;
    this.left = ANSWER_STEPS;
    this.request();
    this.status.textContent = "The network answers; play to interrupt it.";
  }

  request() {
    this.left -= PIECE;
    this.isWaiting = this.generate({ length: PIECE, keep: true, id: "answer" });
  }

  generate(fields) {
    return this.channel.generate({ ...fields, options: { temperature: this.temperature } });
  }

  playStep() {
    const step = this.queue.shift();
    if (this.left > 0 && this.queue.length < PIECE && !this.isWaiting) this.request();
    if (step) {
      this.performer.play(step);
      this.add({ ...step, by: "network" });
    } else if (!this.isWaiting && this.left <= 0) {
      this.giveTurn();
    }
  }

  add(step) {
    this.steps.push(step);
    this.roll.changed();
  }

  onResult({ records }) {
    const nats = records.at(-1)?.nats;
    if (typeof nats === "number") this.surprise.textContent = `Surprise of the last step: ${nats.toFixed(2)} nats`;
  }

  onGenerated(message) {
    if (this.futures.take(message)) return;
    if (this.isAnswering) this.queue.push(...message.steps);
    if (!message.done) return;
    this.isWaiting = false;
    this.channel.save();
  }

  /** Two futures from here. */
  fork() {
    this.stop();
    this.futures.begin();
  }

  saveMidi(steps, name) {
    download(`${name}.mid`, midiOf(steps, this.grid), "audio/midi");
  }
}
