/** The state of the network, in hand: its size, and to save it, to come back to it, to put it into a file and take it out. */

import { button, download, element, takeDropped } from "./dom.js";
import { counted } from "./words.js";

const ENDING = ".safetensors";

export class StatePanel {
  /** `view` may `fork()`, which lets the network go on twice, and `remember()` and `recall(memory)` what it shows. */
  constructor(channel, view) {
    this.channel = channel;
    this.view = view;
    this.size = element("strong", {}, "–");
    this.moments = element("ul", { className: "moments" });
    this.file = element("input", { type: "file", accept: ENDING, hidden: true });
    this.file.onchange = () => this.load(this.file.files[0]);
    this.message = element("p", { role: "status", className: "status" });
    const buttons = [
      button("Save", () => this.save(), { title: "Keep the state of this moment" }),
      button("Load …", () => this.file.click(), { title: "Go on from a file that was saved here or by echoic live" }),
      button("Reset", () => channel.reset(), { title: "Start again, with nothing remembered" }),
    ];
    if (view.fork) buttons.push(button("Fork: two futures from here", () => view.fork()));
    this.root = element(
      "section",
      { className: "state", "aria-label": "State" },
      element("p", {}, "All that the network remembers now is ", this.size, "."),
      element("div", { className: "row" }, ...buttons, this.file),
      this.message,
      this.moments,
    );
    takeDropped(this.root, (file) => this.load(file));
  }

  /** Called with every state that comes, also those saved for a lost connection. */
  onState({ bytes }) {
    this.size.textContent = bytes < 10_000 ? `${bytes.toLocaleString("en")} bytes` : `${(bytes / 1000).toFixed(1)} KB`;
  }

  async save() {
    const memory = this.view.remember?.();
    const saved = await this.channel.save();
    const when = this.describe(saved.position);
    const item = element("li", {}, element("span", {}, `${when} · ${saved.bytes.toLocaleString("en")} bytes`));
    item.append(
      button("Return", () => this.resume(saved, when, memory), { "aria-label": `Return to ${when}` }),
      button("Download", () => this.put(saved), { "aria-label": `Download the state at ${when}` }),
      button("×", () => item.remove(), { "aria-label": `Remove the state at ${when}` }),
    );
    this.moments.prepend(item);
    this.message.textContent = `Saved at ${when}.`;
  }

  resume(saved, when, memory) {
    this.channel.resume(saved);
    this.view.recall?.(memory);
    this.message.textContent = `The network is where it was at ${when}.`;
  }

  put({ state, position }) {
    const bytes = Uint8Array.from(atob(state), (one) => one.charCodeAt(0));
    download(`${this.channel.name}-${position}${ENDING}`, bytes, "application/octet-stream");
  }

  async load(file) {
    if (!file) return;
    const bytes = new Uint8Array(await file.arrayBuffer());
    this.file.value = "";
    if (bytes.length > 0.7 * this.channel.hello.limits.state_bytes) {
      this.message.textContent = `${file.name} is too large for a state.`;
      return;
    }
    const state = btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(""));
    // The position stands in the name that this page gives.
    const position = Number(/-(\d+)(?: \(\d+\))?\.safetensors$/.exec(file.name)?.[1] ?? 0);
    this.resume({ state, position }, this.describe(position));
  }

  describe(position) {
    const { takes, rate_hz } = this.channel.hello;
    const rate = this.channel.start.options?.rate_hz ?? rate_hz;
    const units = { values: "value", text: "character", roll: "step" };
    return takes === "sound" ? `${(position / rate).toFixed(2)} s` : counted(position, units[takes]);
  }
}
