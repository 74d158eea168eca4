/** A text that the network completes in grey while it is typed, and goes on with. */

import { button, element, slider } from "./dom.js";

const COMPLETED = 40;
const GONE_ON = 400;
const PIECE = 40;
const LONGEST_PUSH = 4000;
const AFTER_TYPING_MS = 40;

export class TextView {
  constructor(channel) {
    this.channel = channel;
    this.temperature = 0.7;
    this.read = ""; // what the network has read
    this.number = 0; // of the completion
    this.turn = 0; // of going on
    this.text = element("textarea", { rows: 8, spellcheck: false, placeholder: "Type here …", "aria-label": "Your text" });
    this.mirror = element("div", { className: "mirror", "aria-hidden": "true" });
    this.text.oninput = () => this.typed();
    this.text.onscroll = () => (this.mirror.scrollTop = this.text.scrollTop);
    this.text.onkeydown = (event) => this.accept(event);
    this.next = element("p", { className: "note" });
    this.futures = element("div", { className: "futures" });
    this.goOnButton = button("Go on", () => this.toggleGoOn(), { className: "main", "aria-pressed": "false" });
    this.root = element(
      "div",
      {},
      element("div", { className: "writing" }, this.mirror, this.text),
      element("p", { className: "note" }, "The grey text is what the network expects: Ctrl + → at the end takes it."),
      element(
        "div",
        { className: "row" },
        this.goOnButton,
        slider("Temperature", { min: 0.1, max: 1.5, step: 0.05, value: 0.7 }, (value) => {
          this.temperature = value;
          this.complete();
        }),
      ),
      this.next,
      this.futures,
    );
  }

  start() {
    return {};
  }

  remember() {
    return this.read;
  }

  recall(text = "") {
    this.text.value = this.read = text;
    this.complete();
  }

  onRestart() {
    this.endGoingOn();
    this.read = "";
    if (!this.isEditing) this.recall();
  }

  /** What was typed meanwhile is read now; all of it where going on was cut short, for which no state was saved. */
  onConnected() {
    this.sync({ isAnew: this.text.readOnly });
  }

  onResult({ records }) {
    const probs = Object.entries(records.at(-1)?.next ?? {});
    const shown = probs.map(([symbol, prob]) => `${visible(symbol)} ${Math.round(100 * prob)} %`);
    if (shown.length) this.next.textContent = `Next character: ${shown.join(", ")}`;
  }

  onGenerated({ id, text, done }) {
    if (id.startsWith("future")) {
      this.futures.querySelector(`#${id}`).append(text);
    } else if (id === `go on ${this.turn}`) {
      this.text.value += text;
      this.read += text;
      this.text.scrollTop = this.text.scrollHeight;
      this.show("");
      if (done) this.pieceIsDone();
    } else if (id === `completion ${this.number}`) {
      this.show(this.completion + text);
    }
  }

  typed() {
    this.number++; // a completion that is under way is one of the text before
    this.show("");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.sync(), AFTER_TYPING_MS);
  }

  /** Lets the network read what it has not; from the beginning if the text before has changed, or on request. */
  sync({ isAnew = false } = {}) {
    const text = this.text.value;
    if (isAnew || !text.startsWith(this.read)) {
      this.isEditing = true;
      this.channel.reset();
      this.isEditing = false;
    }
    for (let at = this.read.length; at < text.length; at += LONGEST_PUSH) {
      const piece = text.slice(at, at + LONGEST_PUSH);
      if (!this.channel.push({ text: piece }, [...piece].length, undefined)) return;
      this.read += piece;
    }
    this.complete();
  }

  complete() {
    this.show("");
    this.number++;
    if (this.left || !this.read) return;
    const id = `completion ${this.number}`;
    this.channel.generate({ length: COMPLETED, options: { temperature: this.temperature }, id });
  }

  show(completion) {
    this.completion = completion;
    this.mirror.replaceChildren(this.text.value, element("span", {}, completion));
    this.mirror.scrollTop = this.text.scrollTop;
  }

  accept(event) {
    const isAtEnd = this.text.selectionStart === this.text.value.length;
    if (!(event.ctrlKey && event.key === "ArrowRight" && isAtEnd && this.completion)) return;
    event.preventDefault();
    this.text.value += this.completion;
    this.typed();
  }

  toggleGoOn() {
    if (this.left) {
      this.left = 0;
      return;
    }
    this.sync();
    this.left = GONE_ON;
    this.text.readOnly = true;
    this.goOnButton.setAttribute("aria-pressed", "true");
    this.piece();
  }

  piece() {
    this.left = Math.max(0, this.left - PIECE);
    const options = { temperature: this.temperature };
    this.channel.generate({ length: PIECE, options, keep: true, id: `go on ${this.turn}` });
  }

  pieceIsDone() {
    this.channel.save();
    if (this.left) {
      this.piece();
      return;
    }
    this.endGoingOn();
    this.complete();
  }

  endGoingOn() {
    this.turn++;
    this.left = 0;
    this.text.readOnly = false;
    this.goOnButton.setAttribute("aria-pressed", "false");
  }

  /** Two ways in which the text may go on. */
  fork() {
    this.sync();
    this.futures.replaceChildren(...["a", "b"].map((name) => this.future(name)));
  }

  future(name) {
    const made = element("p", { id: `future-${name}`, className: "made" });
    const take = button("Take it", () => {
      this.text.value += made.textContent;
      this.sync();
    });
    const seed = Math.floor(Math.random() * 2 ** 31);
    const options = { temperature: this.temperature };
    this.channel.generate({ length: 200, options, seed, id: made.id });
    return element("div", {}, element("h3", {}, `Future ${name.toUpperCase()}`), made, take);
  }
}

const visible = (symbol) => ({ "\n": "line break", " ": "space" })[symbol] ?? `“${symbol}”`;
