/** A voice: hold the button and speak, let go, and the network goes on with the sound. */

import { button, download, element, slider } from "./dom.js";
import { Player } from "./player.js";
import { SoundInput } from "./soundinput.js";
import { Spectrogram } from "./spectrogram.js";
import { Waveform } from "./waveform.js";
import { wavOf } from "./wavfile.js";

const SHOWN_S = 12;
const PIECE_S = 0.5;
const FUTURE_S = 3;
const LONGEST_S = 120; // that is kept to be saved

export class SoundView {
  constructor(channel, hello) {
    this.channel = channel;
    this.hello = hello;
    this.length_s = 4;
    this.temperature = 0.9;
    this.input = new SoundInput(this, { isHeld: true });
    this.player = new Player(hello.rate_hz);
    this.wave = new Waveform("What was heard, then what the network made", SHOWN_S);
    this.spectrogram = new Spectrogram();
    this.stopButton = button("Stop", () => this.stop(), { disabled: true });
    this.saveButton = button("Save as WAV", () => this.save(this.made, this.hello.run), { disabled: true });
    this.futures = element("div", { className: "futures" });
    const sliders = [
      slider("Seconds", { min: 1, max: 20, step: 1, value: 4 }, (value) => (this.length_s = value)),
      slider("Temperature", { min: 0.1, max: 1.5, step: 0.05, value: 0.9 }, (value) => (this.temperature = value)),
    ];
    const buttons = [button("Go on", () => this.goOn()), this.stopButton, this.saveButton, ...sliders];
    const row = element("div", { className: "row" }, ...buttons);
    this.root = element("div", {}, this.input.root, this.wave.root, this.spectrogram.root, row, this.futures);
    this.made = [];
  }

  start(rate_hz) {
    this.heard_hz = rate_hz;
    return { options: { rate_hz } };
  }

  close() {
    this.stop();
    this.input.close();
    this.player.close();
  }

  /** What was asked for on a connection that was lost does not come. */
  onConnected() {
    this.stop();
  }

  isReady() {
    return this.channel.canPush;
  }

  /** Sound begins: in a new sequence only where its rate is another one. */
  onBegin(rate_hz) {
    this.stop();
    this.player.open();
    if (rate_hz !== this.heard_hz) this.channel.begin(this.start(rate_hz));
  }

  onRestart() {
    this.stop();
    this.wave.clear();
    this.spectrogram.begin(this.hello.rate_hz, this.hello.rate_hz / 2);
    this.made = [];
  }

  onBlock({ samples, rate_hz, age }) {
    if (this.channel.push(samples, samples.length, age)) this.show(samples, rate_hz, "you");
  }

  show(samples, rate_hz, by) {
    this.wave.add(samples, rate_hz, by);
    if (this.spectrogram.rate_hz !== rate_hz) this.spectrogram.setRate(rate_hz);
    this.spectrogram.push(samples);
  }

  onEnd() {
    this.goOn();
  }

  goOn() {
    this.stop();
    this.player.open();
    this.left = Math.ceil(this.length_s / PIECE_S);
    this.stopButton.disabled = false;
    this.piece();
  }

  piece() {
    this.left--;
    this.isWaiting = this.generate({ length: Math.round(PIECE_S * this.hello.rate_hz), keep: true, id: "go on" });
  }

  generate(fields) {
    return this.channel.generate({ ...fields, options: { temperature: this.temperature } });
  }

  stop() {
    this.left = 0;
    this.player.stop();
    this.stopButton.disabled = true;
  }

  onGenerated({ id, done }, samples) {
    const future = this.forked?.get(id);
    if (future) {
      future.made.push(...samples);
      future.wave.add(samples, this.hello.rate_hz, "network");
      return;
    }
    if (this.stopButton.disabled) return;
    this.player.play(samples);
    this.show(samples, this.hello.rate_hz, "network");
    this.made.push(...samples);
    this.made.splice(0, this.made.length - LONGEST_S * this.hello.rate_hz);
    this.saveButton.disabled = false;
    if (!done) return;
    if (this.left) this.piece();
    else this.channel.save();
  }

  /** Two futures from here. */
  fork() {
    this.stop();
    this.forked = new Map();
    this.futures.replaceChildren(...["A", "B"].map((name) => this.future(name)));
  }

  future(name) {
    const title = `Future ${name}`;
    const future = { made: [], wave: new Waveform(title, FUTURE_S) };
    this.forked.set(title, future);
    const length = FUTURE_S * this.hello.rate_hz;
    this.generate({ length, seed: Math.floor(Math.random() * 2 ** 31), id: title });
    const play = () => {
      this.player.stop();
      this.player.play(Float32Array.from(future.made));
    };
    const buttons = [
      button("Play it", play, { "aria-label": `Play ${title}` }),
      button("Save as WAV", () => this.save(future.made, `${this.hello.run} ${title}`), { "aria-label": `Save ${title}` }),
    ];
    return element("div", {}, element("h3", {}, title), future.wave.root, element("div", { className: "row" }, ...buttons));
  }

  save(samples, name) {
    download(`${name}.wav`, wavOf(samples, this.hello.rate_hz), "audio/wav");
  }
}
