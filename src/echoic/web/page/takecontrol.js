/** Records examples of a class: one while a button is held, or several in ten seconds. */

import { button, element } from "./dom.js";
import { heldButton } from "./heldbutton.js";
import { faultOf } from "./recorder.js";
import { Waveform } from "./waveform.js";
import { wavOf } from "./wavfile.js";

const SHOWN_S = 3;
const TIMED_S = 10;
const PIECE_S = 1; // of the background
const AGAIN = "make the sound again and again, with short pauses";

export class TakeControl {
  constructor(card) {
    this.card = card;
    this.presses = 0;
    this.timed = button(`Record ${TIMED_S} seconds`, () => this.toggle(), {
      "aria-label": `Record ${TIMED_S} seconds of ${card.name}`,
      title: card.isBackground ? "Each second becomes an example" : `${AGAIN}: each one becomes an example`,
      "aria-pressed": "false",
    });
    this.held = heldButton("Hold to record", () => this.press(this.held), () => this.release(), {
      "aria-label": `Hold to record ${card.name}`,
      title: "Hold it while you make the sound",
      className: "main",
    });
    this.buttons = card.isBackground ? [this.timed] : [this.held, this.timed];
    this.wave = new Waveform("What is recorded", SHOWN_S, { height: 60 });
    this.time = element("p", { className: "note" });
    this.root = element("div", { className: "taking", hidden: true }, this.wave.root, this.time);
  }

  /** Ends what is recorded without adding it. */
  cancel() {
    this.take?.cancel();
  }

  toggle() {
    if (this.pressed === this.timed) this.release();
    else this.press(this.timed);
  }

  async press(pressed) {
    const { card } = this;
    this.release();
    const press = ++this.presses;
    this.pressed = pressed;
    pressed.setAttribute("aria-pressed", "true");
    card.say("");
    if (!card.teacher.isListening) {
      card.say("Waiting for the microphone …");
      if (!(await card.teacher.listen())) {
        this.release();
        return card.say("Nothing was recorded; the reason stands beside the microphone.", { isFault: true });
      }
      // It was let go while the browser asked, and perhaps pressed again.
      if (this.presses !== press) return undefined;
      if (!this.pressed) return card.say("The microphone is on: hold the button while you make the sound.");
    }
    return this.record(pressed);
  }

  release() {
    this.pressed?.setAttribute("aria-pressed", "false");
    this.pressed = undefined;
    this.take?.release();
  }

  async record(pressed) {
    const { card } = this;
    const isTimed = pressed === this.timed;
    this.wave.clear();
    this.time.textContent = "";
    this.root.hidden = false;
    const longest_s = isTimed ? TIMED_S : card.teacher.limits.example_s;
    const take = card.teacher.recorder.begin(longest_s, (block, seconds) => {
      this.wave.add(block.samples, block.rate_hz, "you");
      this.time.textContent = isTimed ? this.countdown(longest_s - seconds) : `${seconds.toFixed(1)} s`;
    });
    this.take = take;
    const sound = await take.finished;
    if (this.take === take) {
      this.take = undefined;
      this.root.hidden = true;
      this.release();
    }
    this.judge(sound, isTimed);
  }

  countdown(left_s) {
    const left = `${Math.max(0, Math.ceil(left_s))} s left`;
    return `${left}: ${this.card.isBackground ? "be quiet" : AGAIN}`;
  }

  judge(sound, isTimed) {
    const fault = faultOf(sound, this.card.isBackground);
    if (!fault) return this.add(sound, isTimed);
    const keep = button("Keep it anyway", () => this.add(sound, isTimed));
    return this.card.say(fault.text, { isFault: true, buttons: fault.canKeep ? [keep] : [] });
  }

  add({ samples, rate_hz }, isTimed) {
    const { card } = this;
    if (!card.isBackground) return card.teacher.addTakes(card, [wavOf(samples, rate_hz)], isTimed ? "split" : "trim");
    const length = Math.round(PIECE_S * rate_hz);
    const begins = Array.from({ length: Math.floor(samples.length / length) }, (_, at) => at * length);
    if (!begins.length) return card.say("That was too short: record at least a second.", { isFault: true });
    return card.teacher.addTakes(card, begins.map((begin) => wavOf(samples.slice(begin, begin + length), rate_hz)));
  }
}
