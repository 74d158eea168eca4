/** Notes from an on-screen keyboard, the computer keyboard, and MIDI keyboards where the browser has them. */

import { button, element } from "./dom.js";

const LOWEST = 48; // the C below middle C
const KEYS = 25;
const NAMES = ["C", "C sharp", "D", "D sharp", "E", "F", "F sharp", "G", "G sharp", "A", "A sharp", "B"];
/** Two octaves from the C below middle C, by where keys are on the keyboard, whatever is printed on them. */
const LOWER = ["KeyZ", "KeyS", "KeyX", "KeyD", "KeyC", "KeyV", "KeyG", "KeyB", "KeyH", "KeyN", "KeyJ", "KeyM"];
const UPPER = ["KeyQ", "Digit2", "KeyW", "Digit3", "KeyE", "KeyR", "Digit5", "KeyT", "Digit6", "KeyY", "Digit7", "KeyU", "KeyI"];
const PITCHES = new Map([...LOWER, ...UPPER].map((code, step) => [code, LOWEST + step]));
const TYPING = "input:not([type=range]):not([type=checkbox]), textarea, select";

export class Keyboard {
  /** `listener` has onNoteOn(pitch) and onNoteOff(pitch). */
  constructor(listener) {
    this.listener = listener;
    this.held = new Set();
    this.keys = new Map(Array.from({ length: KEYS }, (_, step) => [LOWEST + step, this.key(LOWEST + step)]));
    const piano = element("div", { className: "piano", role: "group", "aria-label": "Keyboard" }, ...this.keys.values());
    this.midi = element("span", { role: "status" });
    this.root = element(
      "div",
      {},
      piano,
      element(
        "div",
        { className: "row note" },
        "Press keys here, or Z to M and Q to I on the computer keyboard; arrows move between the keys.",
        ...(navigator.requestMIDIAccess ? [button("MIDI keyboard", () => this.openMidi())] : []),
        this.midi,
      ),
    );
    this.keys.get(60).tabIndex = 0;
    this.listen();
  }

  close() {
    this.stopped.abort();
    this.access?.inputs.forEach((input) => (input.onmidimessage = null));
  }

  key(pitch) {
    const name = NAMES[pitch % 12];
    const made = element("button", { type: "button", tabIndex: -1, "aria-label": `${name} ${Math.floor(pitch / 12) - 1}` });
    made.className = name.includes("sharp") ? "black" : "white";
    made.onpointerdown = (event) => {
      made.releasePointerCapture(event.pointerId);
      this.press(pitch);
    };
    made.addEventListener("pointerenter", (event) => event.buttons && this.press(pitch));
    for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) {
      made.addEventListener(name, () => this.release(pitch));
    }
    made.onkeydown = (event) => this.keyed(event, pitch);
    made.addEventListener("keyup", (event) => [" ", "Enter"].includes(event.key) && this.release(pitch));
    return made;
  }

  /** Arrows move, the space bar plays. */
  keyed(event, pitch) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step && this.keys.get(pitch + step);
    if (next) {
      this.keys.get(pitch).tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if ([" ", "Enter"].includes(event.key)) {
      event.preventDefault();
      if (!event.repeat) this.press(pitch);
    }
  }

  listen() {
    this.stopped = new AbortController();
    const { signal } = this.stopped;
    const pitchOf = (event) => {
      const isElsewhere = event.ctrlKey || event.metaKey || event.altKey || event.target.matches(TYPING);
      return isElsewhere ? undefined : PITCHES.get(event.code);
    };
    addEventListener("keydown", (event) => !event.repeat && pitchOf(event) && this.press(pitchOf(event)), { signal });
    addEventListener("keyup", (event) => pitchOf(event) && this.release(pitchOf(event)), { signal });
    addEventListener("blur", () => [...this.held].forEach((pitch) => this.release(pitch)), { signal });
  }

  press(pitch) {
    if (this.held.has(pitch)) return;
    this.held.add(pitch);
    this.light(pitch, "down", true);
    this.listener.onNoteOn(pitch);
  }

  release(pitch) {
    if (!this.held.delete(pitch)) return;
    this.light(pitch, "down", false);
    this.listener.onNoteOff(pitch);
  }

  /** Shows a key as pressed by the player ("down") or by the network ("answer"). */
  light(pitch, kind, isOn) {
    this.keys.get(pitch)?.classList.toggle(kind, isOn);
  }

  async openMidi() {
    try {
      this.access = await navigator.requestMIDIAccess();
    } catch {
      this.midi.textContent = "MIDI is not allowed: allow it beside the address of this page.";
      return;
    }
    this.access.onstatechange = () => this.attach();
    this.attach();
  }

  /** Listens to the MIDI keyboards that are plugged in now. */
  attach() {
    const inputs = [...this.access.inputs.values()].filter((one) => one.state !== "disconnected");
    for (const input of inputs) input.onmidimessage = ({ data }) => this.received(data);
    const isFewer = inputs.length < (this.inputs ?? 0);
    this.inputs = inputs.length;
    if (isFewer) [...this.held].forEach((pitch) => this.release(pitch)); // it lets no key go any more
    const names = inputs.map((one) => one.name).join(", ");
    this.midi.textContent = names || (isFewer ? "The MIDI keyboard was unplugged." : "No MIDI keyboard is plugged in.");
  }

  received([status, pitch, velocity]) {
    const kind = status & 0xf0;
    if (kind === 0x90 && velocity) this.press(pitch);
    else if (kind === 0x80 || kind === 0x90) this.release(pitch);
  }
}
