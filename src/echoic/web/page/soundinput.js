/** Controls for sound: the microphone, or a file in its place; a level, and the state of the source as a sentence. */

import { button, element, field, takeDropped } from "./dom.js";
import { heldButton } from "./heldbutton.js";
import { Microphone, peak } from "./microphone.js";
import { SoundFile } from "./soundfile.js";

const LOWEST_DB = -80;

/** A meter of the largest deviation of sound from zero. */
export function levelMeter(label) {
  return element("meter", { min: LOWEST_DB, max: 0, value: LOWEST_DB, "aria-label": label });
}

/** Shows the level of samples. */
export function showLevel(meter, samples) {
  meter.value = 20 * Math.log10(peak(samples) || 1e-9);
}

export class SoundInput {
  /**
   * `listener` has isReady(), onBegin(rate_hz), onBlock(block), onEnd(); with `isHeld` the button must be held down.
   * Controls for files are in the element `filesIn`, by default beside the microphone. With `isEffect` the page plays
   * what comes out: a file goes in at its own pace, and is not played itself.
   */
  constructor(listener, { isHeld = false, filesIn, isEffect = false } = {}) {
    this.listener = listener;
    this.isEffect = isEffect;
    this.rate_hz = undefined;
    this.microphoneButton = isHeld ? this.heldButton() : this.toggledButton();
    this.fileInput = element("input", { type: "file", accept: "audio/*,.wav,.flac,.ogg,.mp3" });
    this.fileInput.onchange = () => this.play(this.fileInput.files[0]);
    this.audible = element("input", { type: "checkbox", checked: true });
    const files = [field("or a file", this.fileInput), ...(isEffect ? [] : [field("hear it", this.audible)])];
    const first = filesIn ? "The microphone is off." : `${this.microphoneButton.textContent}, or drop a file of sound here.`;
    this.status = element("p", { className: "status", role: "status" }, first);
    this.level = levelMeter("Level in decibels");
    this.root = element(
      "section",
      { className: "card input", "aria-label": "Sound" },
      element(
        "div",
        { className: "row" },
        this.microphoneButton,
        this.level,
        ...(filesIn ? [] : files),
      ),
      this.status,
    );
    filesIn?.append(...files);
    takeDropped(filesIn ?? this.root, (file) => this.play(file));
  }

  toggledButton() {
    const toggle = () => (this.source instanceof Microphone ? this.stop() : this.listen());
    return button("Microphone", toggle, { "aria-pressed": "false", className: "main" });
  }

  heldButton() {
    const release = () => {
      if (this.source instanceof Microphone) this.stop();
    };
    return heldButton("Hold and speak", () => this.listen(), release, { className: "main" });
  }

  /** Whether sound of the microphone comes. */
  get isListening() {
    return this.source instanceof Microphone && this.rate_hz !== undefined;
  }

  /** Opens the microphone; false if that failed. */
  async listen() {
    const source = this.takeOver(new Microphone((block) => this.heard(source, block), (...state) => this.showOf(source, ...state)));
    this.microphoneButton.setAttribute("aria-pressed", "true");
    const isOpen = await source.open();
    if (!isOpen) this.released(source);
    return isOpen;
  }

  async play(file) {
    if (!file) return;
    const heard = (block) => this.heard(source, block);
    const shown = (...state) => this.showOf(source, ...state);
    const source = this.takeOver(new SoundFile(file, heard, shown, () => this.listener.isReady()));
    const wasHeard = (await source.open()) && (await source.play(this.pace));
    this.fileInput.value = "";
    if (!wasHeard) return;
    this.show("ended", `${file.name} is over.`);
    this.released(source);
  }

  /** How files are played. */
  get pace() {
    const isAudible = !this.isEffect && this.audible.checked;
    return { isPaced: this.isEffect || isAudible, isAudible };
  }

  stop() {
    const { source } = this;
    source?.close();
    this.show("ended", "Stopped.");
    this.released(source);
  }

  close() {
    this.source?.close();
    this.source = undefined;
  }

  takeOver(source) {
    if (this.source) this.stop();
    this.source = source;
    this.rate_hz = undefined;
    return source;
  }

  released(source) {
    if (this.source !== source) return;
    this.source = undefined;
    this.microphoneButton.setAttribute("aria-pressed", "false");
    showLevel(this.level, []);
    if (this.rate_hz) this.listener.onEnd();
  }

  heard(source, block) {
    if (source !== this.source) return;
    if (!this.rate_hz) {
      this.rate_hz = block.rate_hz;
      this.listener.onBegin(block.rate_hz);
    }
    showLevel(this.level, block.samples);
    this.listener.onBlock(block);
  }

  /** Shows the state of a source, unless another one has taken over. */
  showOf(source, kind, text) {
    if (source !== this.source) return;
    this.show(kind, text);
    if (kind === "failed") this.released(source);
  }

  show(kind, text) {
    this.status.textContent = text;
    this.status.dataset.kind = kind;
  }
}
