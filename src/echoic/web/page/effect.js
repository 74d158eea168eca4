/** Sound out of sound: what goes in and what comes out as waveforms, and either of them played. */

import { button, download, element, field } from "./dom.js";
import { Player } from "./player.js";
import { levelMeter, showLevel } from "./soundinput.js";
import { wavOf } from "./wavfile.js";
import { Waveform } from "./waveform.js";

const SHOWN_S = 8;
const WAITING_S = 0.3; // sound that waits for longer is not played: the effect must not fall behind
const LONGEST_S = 120; // that is kept to be saved
const HEIGHT = 90;

export class EffectView {
  constructor(channel, hello) {
    this.channel = channel;
    this.hello = hello;
    this.player = new Player(hello.output_hz, WAITING_S);
    this.waves = ["Sound in", "Sound out"].map((label) => new Waveform(label, SHOWN_S, { height: HEIGHT }));
    this.level = levelMeter("Level of the output in decibels");
    this.playButton = button("Play", () => this.toggle(), { "aria-pressed": "false", className: "main" });
    this.bypass = element("input", { type: "checkbox", onchange: () => this.hush() });
    this.saveButton = button("Save as WAV", () => this.save());
    this.summary = element("p", { className: "status", role: "status" });
    const [input, output] = this.waves;
    this.root = element(
      "div",
      {},
      element("div", { className: "row" }, this.playButton, field("bypass", this.bypass), this.level, this.saveButton),
      element("h3", {}, "In"),
      input.root,
      element("h3", {}, "Out"),
      output.root,
      this.summary,
      element("p", { className: "note" }, "Use headphones with a microphone: it picks up loudspeakers, and they howl."),
    );
    this.onRestart();
  }

  /** Asks for the sound that comes out. */
  start(rate_hz) {
    if (rate_hz !== this.input_hz) {
      this.inputPlayer?.close();
      this.inputPlayer = new Player(rate_hz, WAITING_S);
      if (this.isPlaying) this.inputPlayer.open();
    }
    this.input_hz = rate_hz;
    return { options: { rate_hz }, sound: true };
  }

  close() {
    this.player.close();
    this.inputPlayer?.close();
  }

  onRestart() {
    this.made = [];
    this.samples = 0;
    this.hush();
    this.waves.forEach((wave) => wave.clear());
    this.show();
  }

  onSent(samples) {
    this.waves[0].add(samples, this.input_hz, "you");
    if (this.isPlaying && this.bypass.checked) this.inputPlayer.play(samples);
  }

  onResult(_message, samples) {
    if (!samples) return;
    this.waves[1].add(samples, this.hello.output_hz, "network");
    showLevel(this.level, samples);
    if (this.isPlaying && !this.bypass.checked) this.player.play(samples);
    this.made.push(samples);
    this.samples += samples.length;
    while (this.samples - this.made[0].length > LONGEST_S * this.hello.output_hz) {
      this.samples -= this.made.shift().length;
    }
    this.show();
  }

  show() {
    const seconds = (this.samples / this.hello.output_hz).toFixed(1);
    this.summary.textContent = this.samples ? `${seconds} s of output.` : "The output begins with the first sound.";
    this.saveButton.disabled = !this.samples;
    if (!this.samples) showLevel(this.level, []);
  }

  get isPlaying() {
    return this.playButton.getAttribute("aria-pressed") === "true";
  }

  /** Plays what comes out from now on, or the input with "bypass"; or stops. */
  toggle() {
    const isPlaying = !this.isPlaying;
    this.playButton.setAttribute("aria-pressed", String(isPlaying));
    this.playButton.textContent = isPlaying ? "Stop playing" : "Play";
    this.hush();
    if (isPlaying) [this.player, this.inputPlayer].forEach((player) => player?.open());
  }

  hush() {
    [this.player, this.inputPlayer].forEach((player) => player?.stop());
  }

  save() {
    const samples = new Float32Array(this.samples);
    let place = 0;
    for (const block of this.made) {
      samples.set(block, place);
      place += block.length;
    }
    download(`${this.hello.run}.wav`, wavOf(samples, this.hello.output_hz), "audio/wav");
  }
}
