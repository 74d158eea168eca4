/** One run on the page: its connection, the view of its job, and its state. */

import { ClassifyView } from "./classify.js";
import { DetectView } from "./detect.js";
import { element } from "./dom.js";
import { EffectView } from "./effect.js";
import { ForecastView } from "./forecast.js";
import { Latency } from "./latency.js";
import { MapView } from "./map.js";
import { MusicView } from "./music.js";
import { Channel } from "./socket.js";
import { SoundView } from "./sound.js";
import { StatePanel } from "./state.js";
import { TextView } from "./text.js";
import { TranscribeView } from "./transcribe.js";
import { counted } from "./words.js";

const VIEWS = {
  audio: SoundView,
  classify: ClassifyView,
  detect: DetectView,
  forecast: ForecastView,
  map: MapView,
  music: MusicView,
  text: TextView,
  transcribe: TranscribeView,
};

export class RunPanel {
  constructor(run) {
    this.run = run;
    this.latency = new Latency();
    this.status = element("span", { role: "status" });
    this.timing = element("span", { className: "latency" });
    this.error = element("p", { role: "alert", className: "error" });
    this.root = element(
      "section",
      { className: "card run", "aria-label": run.run },
      element("h2", {}, run.run, " ", element("small", {}, described(run))),
      element("p", { className: "connection" }, this.status, this.timing),
      this.error,
    );
    this.channel = new Channel(run.run, this);
    this.view = new (run.gives === "sound" ? EffectView : VIEWS[run.job])(this.channel, run);
    this.state = new StatePanel(this.channel, this.view);
    this.state.onState({ bytes: run.state_bytes });
    this.root.append(this.view.root, this.state.root);
  }

  close() {
    this.channel.close();
    this.view.close?.();
  }

  /** A sequence begins: of sound of a rate, or of anything else. */
  begin(rate_hz) {
    this.rate_hz = rate_hz;
    this.channel.begin(this.view.start(rate_hz));
  }

  /** Goes on where another client is; the picture stays if this one is there, too. */
  goOn(options, state, position) {
    const memory = position === this.channel.sent ? this.view.remember?.() : undefined;
    this.rate_hz = options.rate_hz ?? this.run.rate_hz;
    this.channel.begin({ ...this.view.start(this.rate_hz), options, state, position });
    if (memory) this.view.recall(memory);
  }

  /** Sends sound, or the field of a push message; `age` tells how many seconds ago it was captured. */
  push(data, count, age) {
    if (this.channel.push(data, count, age)) this.view.onSent?.(data);
  }

  /** Sends rows of values. */
  pushRows(values) {
    const sent_ms = performance.now();
    this.push({ values }, values.length, () => (performance.now() - sent_ms) / 1000);
  }

  onHello() {
    this.begin(this.rate_hz ?? this.run.rate_hz); // sound may have begun before
  }

  onBegin() {
    this.latency.clear();
    this.view?.onRestart?.();
  }

  onResult(message, age, sound) {
    this.error.textContent = "";
    if (age) this.latency.add(age());
    this.timing.textContent = age || this.latency.values_s.length ? this.latency.text + this.lost : "";
    this.view.onResult?.(message, sound);
  }

  onGenerated(message, samples) {
    this.view.onGenerated?.(message, samples);
  }

  onState(saved) {
    this.state.onState(saved);
  }

  onSource(source) {
    this.follower?.onSource(source);
  }

  onShared(message, samples) {
    this.follower?.onShared(message, samples);
  }

  onStatus(kind, text) {
    this.status.textContent = text;
    this.status.dataset.kind = kind;
    if (kind === "connected") this.view?.onConnected?.();
  }

  onError(text) {
    this.error.textContent = text;
    this.state.message.textContent = "";
  }

  get lost() {
    const { dropped } = this.channel;
    if (!dropped) return "";
    const rate = this.channel.start.options?.rate_hz;
    return ` · not sent: ${rate ? `${(dropped / rate).toFixed(1)} s` : dropped}`;
  }
}

/** What a run is, in a line. */
function described({ job, takes, rate_hz, features, labels, classes }) {
  const read = { sound: `reads sound at ${rate_hz.toLocaleString("en")} Hz`, values: `reads ${features.join(", ")}` }[takes];
  const known = labels ? counted(labels.length, "label") : classes && counted(classes.length, "class");
  return [job, read, known].filter(Boolean).join(" · ");
}
